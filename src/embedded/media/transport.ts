import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'
import type { PortPair } from './ports.js'
import type { RemoteSecurity } from './sdp/security.js'
import type { IceCredentials } from './webrtc/ice.js'

/** How an endpoint's packets come and go: in the clear, or sealed (`webrtc/`). */
export interface MediaTransport {
  sendRtp: (packet: Uint8Array, port: number, address: string) => void
  sendRtcp: (packet: Uint8Array, port: number, address: string) => void
  /** Told of each agreement, where packets are sealed: the peer's side, and our credentials for ICE. */
  secure?(remote: RemoteSecurity, credentials: IceCredentials): void
  /** Whether anything can be sent. */
  readonly ready: boolean
  /** Live timers. */
  readonly timers: number
  /** Resolves when its ports are free again. */
  close(): Promise<void>
}

export interface TransportHandlers {
  rtp: (packet: Buffer, from: RemoteInfo) => void
  rtcp: (packet: Buffer, from: RemoteInfo) => void
  /** A packet came that is not the peer's, or cannot be opened. */
  refused: () => void
  /** The peer has said that nothing more comes, and wants nothing more (RFC 7675 §5.2). */
  left: () => void
  /** A packet could not be sent. */
  failed: () => void
}

/**
 * Binds both sockets of a pair.
 * @throws the system's error, `EADDRINUSE` where somebody else has a port; nothing stays open then
 */
export async function openTransport(
  host: string,
  pair: PortPair,
  handlers: TransportHandlers,
): Promise<MediaTransport> {
  const rtp = await openSocket(host, pair, { received: handlers.rtp, failed: handlers.failed })
  try {
    const rtcp = await openSocket(host, pair + 1, { received: handlers.rtcp, failed: handlers.failed })
    return {
      sendRtp: rtp.send,
      sendRtcp: rtcp.send,
      ready: true,
      timers: 0,
      close: async () => {
        await Promise.all([rtp.close(), rtcp.close()])
      },
    }
  } catch (error) {
    await rtp.close()
    throw error
  }
}

export interface OpenSocket {
  send: (packet: Uint8Array, port: number, address: string) => void
  /** Resolves when the port is free again. */
  close(): Promise<void>
}

/** @throws the system's error */
export async function openSocket(
  host: string,
  port: number,
  { received, failed }: { received: TransportHandlers['rtp']; failed: () => void },
): Promise<OpenSocket> {
  const socket = await bind(host, port)
  socket.on('message', (packet, from) => {
    // Port 0 cannot be answered, so it is no peer's.
    if (from.port !== 0) received(packet, from)
  })
  socket.on('error', failed)
  return { send: sending(socket, failed), close: () => closed(socket) }
}

function sending(socket: Socket, failed: () => void): OpenSocket['send'] {
  const sent = (error: Error | null) => {
    if (error) failed()
  }
  return (packet, port, address) => {
    try {
      socket.send(packet, port, address, sent)
    } catch {
      // A target that the system cannot even be asked to reach is counted like any other failure.
      failed()
    }
  }
}

async function bind(host: string, port: number): Promise<Socket> {
  const family = isIP(host) === 6 ? 6 : 4
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // Addresses are always literal here: the resolver's detour through the next tick costs a packet's time.
    lookup: (address, _options, done) => done(null, address, family),
  })
  try {
    const listening = once(socket, 'listening')
    socket.bind({ port, address: host, exclusive: true })
    await listening
    return socket
  } catch (error) {
    await closed(socket)
    throw error
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()))
}
