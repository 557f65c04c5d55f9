import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'
import type { PortPair } from './ports.js'

/**
 * How an endpoint's packets come and go, in the clear here. One that seals and opens them (SRTP, RFC 3711)
 * would stand between an endpoint and this one.
 */
export interface MediaTransport {
  sendRtp: (packet: Uint8Array, port: number, address: string) => void
  sendRtcp: (packet: Uint8Array, port: number, address: string) => void
  /** Resolves when both ports are free again. */
  close(): Promise<void>
}

export interface TransportHandlers {
  rtp: (packet: Buffer, from: RemoteInfo) => void
  rtcp: (packet: Buffer, from: RemoteInfo) => void
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
  const rtp = await bind(host, pair)
  let rtcp: Socket
  try {
    rtcp = await bind(host, pair + 1)
  } catch (error) {
    await closed(rtp)
    throw error
  }
  listen(rtp, handlers.rtp, handlers.failed)
  listen(rtcp, handlers.rtcp, handlers.failed)
  return {
    sendRtp: sending(rtp, handlers.failed),
    sendRtcp: sending(rtcp, handlers.failed),
    close: async () => {
      await Promise.all([closed(rtp), closed(rtcp)])
    },
  }
}

function listen(socket: Socket, receive: TransportHandlers['rtp'], failed: () => void): void {
  socket.on('message', (packet, from) => {
    // Port 0 cannot be answered, so it is no peer's.
    if (from.port !== 0) receive(packet, from)
  })
  socket.on('error', failed)
}

function sending(socket: Socket, failed: () => void): MediaTransport['sendRtp'] {
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
