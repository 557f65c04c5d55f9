import { createSocket } from 'node:dgram'
import { createServer, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { StreamFramer } from './framing.js'
import type { Address } from './uri.js'

/** The players bring UDP and TCP along; for the others they are given a way to open them. */
export type Protocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'

/** The way to one remote address; but for UDP, one connection. */
export interface Flow {
  readonly protocol: Protocol
  readonly remote: Address
  /** Never throws; what cannot be sent is reported to `onFault`. */
  send(bytes: Buffer): void
}

export interface TransportOptions {
  readonly protocol: Protocol
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Not UDP: connect out to there instead of listening, as a phone does; the local port is the connection's. */
  readonly connectTo?: Address | undefined
  readonly onBytes: (bytes: Buffer, flow: Flow) => void
  readonly onFault: (error: Error) => void
}

export interface Transport {
  readonly protocol: Protocol
  readonly local: Address
  flowTo(remote: Address): Flow
  /** Keep-alives that were answered on the stream (RFC 5626 §4.4.1). */
  pongs(): number
  close(): Promise<void>
}

/** Rejects where the port is taken or the remote side refuses the connection. */
export type OpenTransport = (options: TransportOptions) => Promise<Transport>

export const openTransport: OpenTransport = async (options) => {
  if (options.protocol === 'udp') return openUdp(options)
  if (options.protocol === 'tcp') return openTcp(options)
  throw new Error(`the players have no ${options.protocol} of their own`)
}

async function openUdp({ host, port, onBytes, onFault }: TransportOptions): Promise<Transport> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 })
  socket.bind(port, host)
  await once(socket, 'listening')
  socket.on('error', onFault)
  let open = true
  const flowTo = (remote: Address): Flow => ({
    protocol: 'udp',
    remote,
    send: (bytes) => {
      if (!open) return onFault(new Error('the socket is closed'))
      socket.send(bytes, remote.port, remote.host, (error) => {
        if (error) onFault(error)
      })
    },
  })
  socket.on('message', (bytes, from) => onBytes(bytes, flowTo({ host: from.address, port: from.port })))
  return {
    protocol: 'udp',
    local: { host, port: socket.address().port },
    flowTo,
    pongs: () => 0,
    close: async () => {
      if (!open) return
      open = false
      await new Promise<void>((resolve) => socket.close(() => resolve()))
    },
  }
}

async function openTcp(options: TransportOptions): Promise<Transport> {
  const connections = new TcpConnections(options)
  const local = options.connectTo === undefined ? await connections.listen() : await connections.dialFirst()
  return {
    protocol: 'tcp',
    local,
    flowTo: (remote) => connections.flowTo(remote),
    pongs: () => connections.pongs,
    close: () => connections.close(),
  }
}

/** Connections by remote address, whoever opened them: requests reuse what is there. */
class TcpConnections {
  readonly #byRemote = new Map<string, { socket: Socket; flow: Flow }>()
  readonly #framers = new Set<StreamFramer>()
  readonly #server = createServer((socket) => {
    this.#adopt(socket, { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 })
  })

  constructor(private readonly options: TransportOptions) {}

  async listen(): Promise<Address> {
    this.#server.listen(this.options.port, this.options.host)
    await once(this.#server, 'listening')
    this.#server.on('error', this.options.onFault)
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no TCP address')
    return { host: this.options.host, port: address.port }
  }

  async dialFirst(): Promise<Address> {
    const { connectTo } = this.options
    if (connectTo === undefined) throw new Error('nowhere to connect to')
    const socket = this.#dial(connectTo)
    await once(socket, 'connect')
    this.#adopt(socket, connectTo)
    return { host: socket.localAddress ?? this.options.host, port: socket.localPort ?? 0 }
  }

  flowTo(remote: Address): Flow {
    const known = this.#byRemote.get(key(remote))
    // Node queues what is written before the connection stands.
    return known?.flow ?? this.#adopt(this.#dial(remote), remote)
  }

  get pongs(): number {
    return [...this.#framers].reduce((sum, framer) => sum + framer.pongs, 0)
  }

  async close(): Promise<void> {
    const closed = [...this.#byRemote.values()].map(async ({ socket }) => {
      const gone = socket.closed ? Promise.resolve() : once(socket, 'close')
      socket.destroy()
      await gone
    })
    if (this.#server.listening) {
      closed.push(new Promise<void>((resolve) => this.#server.close(() => resolve())))
    }
    await Promise.all(closed)
  }

  #dial(remote: Address): Socket {
    return connect({ host: remote.host, port: remote.port, localAddress: this.options.host, noDelay: true })
  }

  #adopt(socket: Socket, remote: Address): Flow {
    const framer = new StreamFramer()
    this.#framers.add(framer)
    const flow: Flow = {
      protocol: 'tcp',
      remote,
      send: (bytes) => {
        if (socket.destroyed) this.options.onFault(new Error(`the connection to ${key(remote)} is closed`))
        else socket.write(bytes)
      },
    }
    socket.setNoDelay(true)
    socket.on('error', this.options.onFault)
    socket.on('data', (chunk) => {
      for (const message of framer.push(chunk)) this.options.onBytes(message, flow)
    })
    socket.on('close', () => {
      if (this.#byRemote.get(key(remote))?.socket === socket) this.#byRemote.delete(key(remote))
    })
    this.#byRemote.set(key(remote), { socket, flow })
    return flow
  }
}

function key({ host, port }: Address): string {
  return `${host}:${port}`
}
