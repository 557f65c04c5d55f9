import { createSocket, type Socket } from 'node:dgram'
import { lookup, type LookupOneOptions } from 'node:dns'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import type { ListenOptions } from '../options.js'
import {
  plainAddress,
  type Endpoint,
  type Flow,
  type ListeningPoint,
  type TransportEvents,
} from './transport.js'

/** Bursts of INVITEs arrive faster than they are parsed; the kernel holds them meanwhile. */
const SOCKET_BUFFER = 4 * 1024 * 1024

/**
 * Binds a UDP listening point. Requests above the path MTU stay on UDP and are left to IP fragmentation; name
 * `;transport=tcp` in the target where RFC 3261 §18.1.1 matters to the peer.
 */
export async function listenUdp(options: ListenOptions, events: TransportEvents): Promise<ListeningPoint> {
  const type = isIPv6(options.host) ? 'udp6' : 'udp4'
  const socket = createSocket({ type, lookup: type === 'udp6' ? numericV6 : numeric })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(options.port, options.host, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  return new UdpPoint(socket, options, events)
}

/**
 * Peers are resolved before (RFC 3263), so that the socket is given numbers. Node's own lookup would put a turn
 * of the event loop between each datagram and its sending.
 */
function numeric(address: string, options: LookupOneOptions, found: Found): void {
  const family = isIP(address)
  if (family === 0) lookup(address, options, found)
  else found(null, address, family)
}

/** A socket of IPv6 reaches IPv4 peers, whose datagrams it gets on `::`, by mapped addresses (RFC 4291 §2.5.5.2). */
function numericV6(address: string, options: LookupOneOptions, found: Found): void {
  numeric(isIPv4(address) ? `::ffff:${address}` : address, options, found)
}

type Found = (error: NodeJS.ErrnoException | null, address: string, family: number) => void

class UdpPoint implements ListeningPoint {
  readonly protocol = 'udp'
  readonly reliable = false
  readonly connections = 0
  readonly host: string
  readonly port: number
  readonly advertise?: { readonly host: string; readonly port?: number }

  constructor(
    private readonly socket: Socket,
    options: ListenOptions,
    private readonly events: TransportEvents,
  ) {
    this.host = options.host
    this.port = socket.address().port
    if (options.advertise) this.advertise = options.advertise
    this.enlargeBuffers()
    socket.on('error', (error) => events.fault('udp socket', error))
    socket.on('message', (bytes, source) => this.received(bytes, source))
  }

  private enlargeBuffers(): void {
    try {
      this.socket.setRecvBufferSize(SOCKET_BUFFER)
      this.socket.setSendBufferSize(SOCKET_BUFFER)
    } catch (error) {
      this.events.fault('udp buffer size', error)
    }
  }

  private received(bytes: Buffer, source: { address: string; port: number }): void {
    try {
      if (isKeepAlive(bytes)) this.events.keepAlive()
      else
        this.events.message(bytes, this.flowTo({ address: plainAddress(source.address), port: source.port }))
    } catch (error) {
      this.events.fault('udp datagram', error)
    }
  }

  known(): undefined {
    return undefined
  }

  flowTo(remote: Endpoint): Flow {
    return new UdpFlow(this, remote)
  }

  send(bytes: Buffer, to: Endpoint, failed?: (error: Error) => void): void {
    try {
      this.socket.send(bytes, to.port, to.address, (error) => {
        if (error) this.notSent(error, failed)
      })
    } catch (error) {
      // Thrown for a closed socket or a port out of range. Reported as the callback would: afterwards.
      const cause = error instanceof Error ? error : new Error(String(error))
      queueMicrotask(() => this.notSent(cause, failed))
    }
  }

  private notSent(error: Error, failed?: (error: Error) => void): void {
    this.events.sendFailed()
    try {
      failed?.(error)
    } catch (fault) {
      this.events.fault('udp send failure', fault)
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()))
  }
}

/** CRLFs or zero bytes alone: NAT keep-alives that need no answer on UDP. */
function isKeepAlive(bytes: Buffer): boolean {
  return bytes.length <= 4 && bytes.every((byte) => byte === 0 || byte === 10 || byte === 13)
}

const NOTHING_TO_STOP = (): void => undefined

/** Each transaction keeps one: it holds no more than whom to send to. */
class UdpFlow implements Flow {
  constructor(
    readonly point: UdpPoint,
    readonly remote: Endpoint,
  ) {}

  get open(): boolean {
    return true
  }

  send(bytes: Buffer, failed?: (error: Error) => void): void {
    this.point.send(bytes, this.remote, failed)
  }

  onClose(): () => void {
    return NOTHING_TO_STOP
  }
}
