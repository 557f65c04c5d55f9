import type { Server, Socket } from 'node:net'
import type { ListenOptions } from '../options.js'

const BACKLOG = 1024

/** Resolves with the port once the server is bound; rejects where it cannot be. */
export function listen(server: Server, { host, port }: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

/**
 * The sockets that a server has accepted, those in the middle of a handshake among them: it does not know of
 * these any more, but would wait for them when it is closed. Returns how to hang up on all of them.
 */
export function trackSockets(server: Server): () => void {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return () => {
    for (const socket of sockets) socket.destroy()
  }
}
