import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { Inbox } from '../../../src/demo/waiting.js'
import type { Protocol } from '../../../src/demo/sip/transport.js'
import type { Address } from '../../../src/demo/sip/uri.js'

/** Bytes in and out, with no idea of SIP: for what no decent peer would send. */
export interface RawPeer {
  readonly local: Address
  /** Bytes as they are; over TCP in pieces of the given lengths, each in a segment of its own where Nagle is off. */
  send(bytes: Buffer | string, pieces?: readonly number[]): Promise<void>
  /** The next datagram, or what the stream brought. Rejects with WaitError. */
  next(deadlineMs?: number): Promise<string>
  /** All that came and was not read yet. */
  readonly unread: readonly string[]
  /** When the other side closes the connection; never over UDP. */
  readonly closedByThem: Promise<void>
  close(): Promise<void>
}

/** Rejects where the connection is refused. */
export async function openRawPeer(protocol: Protocol, to: Address): Promise<RawPeer> {
  return protocol === 'udp' ? openUdp(to) : openTcp(to)
}

async function openUdp(to: Address): Promise<RawPeer> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const inbox = new Inbox<string>()
  socket.on('message', (bytes) => inbox.deliver(bytes.toString('utf8')))
  return {
    local: { host: '127.0.0.1', port: socket.address().port },
    send: (bytes) =>
      new Promise((resolve, reject) => {
        socket.send(bytes, to.port, to.host, (error) => (error ? reject(error) : resolve()))
      }),
    next: (deadlineMs = 5000) => inbox.next('datagram', deadlineMs),
    get unread() {
      return inbox.unread
    },
    closedByThem: new Promise(() => undefined),
    close: async () => {
      inbox.close('the raw peer closed')
      await new Promise<void>((resolve) => socket.close(() => resolve()))
    },
  }
}

async function openTcp(to: Address): Promise<RawPeer> {
  const socket = connect({ host: to.host, port: to.port, noDelay: true })
  await once(socket, 'connect')
  const inbox = new Inbox<string>()
  socket.on('data', (bytes) => inbox.deliver(bytes.toString('utf8')))
  // A reset ends the connection as a close does: closedByThem tells it.
  socket.on('error', () => undefined)
  const closed = once(socket, 'close').then(() => undefined)
  return {
    local: { host: socket.localAddress ?? '', port: socket.localPort ?? 0 },
    send: (bytes, pieces = []) => writeInPieces(socket, Buffer.from(bytes), pieces),
    next: (deadlineMs = 5000) => inbox.next('bytes on the stream', deadlineMs),
    get unread() {
      return inbox.unread
    },
    closedByThem: closed,
    close: async () => {
      inbox.close('the raw peer closed')
      socket.destroy()
      await closed
    },
  }
}

async function writeInPieces(socket: Socket, bytes: Buffer, pieces: readonly number[]): Promise<void> {
  let offset = 0
  for (const length of [...pieces, bytes.length]) {
    const piece = bytes.subarray(offset, offset + length)
    offset += piece.length
    if (piece.length === 0) return
    await new Promise<void>((resolve, reject) => {
      socket.write(piece, (error) => (error ? reject(error) : resolve()))
    })
  }
}
