import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/**
 * The first of a run of UDP ports on loopback that are free now. Another process may take them in between: programs
 * that cannot choose for themselves leave no better way.
 */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const held: Socket[] = []
    try {
      const first = await hold(0, held)
      for (let port = first + 1; port < first + count; port++) await hold(port, held)
      return first
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    } finally {
      await Promise.all(held.map((socket) => closed(socket)))
    }
  }
}

async function hold(port: number, held: Socket[]): Promise<number> {
  if (port > 65_535) throw Object.assign(new Error('past the last port'), { code: 'EADDRINUSE' })
  const socket = createSocket('udp4')
  held.push(socket)
  const listening = once(socket, 'listening')
  socket.bind(port, '127.0.0.1')
  await listening
  return socket.address().port
}

async function closed(socket: Socket): Promise<void> {
  const close = once(socket, 'close')
  socket.close()
  await close
}
