import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Inbox } from './inbox.js'

/** A way to a TCP server that can fall silent: what a connection is like whose other side vanished without a word. */
export interface SilentPath {
  readonly port: number
  /** While it is, everything is swallowed, either way. */
  silent: boolean
  /** Connections that the client has given up, counted from 1 in the order in which they were opened. */
  readonly givenUp: Inbox<number>
  close(): Promise<void>
}

/** On a free port of loopback. */
export async function silentPath(to: { host: string; port: number }): Promise<SilentPath> {
  const sockets = new Set<Socket>()
  const givenUp = new Inbox<number>()
  let connections = 0
  const server = createServer((near) => {
    const number = ++connections
    const far = connect(to)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('data', (chunk) => {
        if (!path.silent) other.write(chunk)
      })
      // What breaks one side ends the other; 'close' follows.
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
    near.on('close', () => givenUp.add(number))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const path: SilentPath = {
    port: (server.address() as AddressInfo).port,
    silent: false,
    givenUp,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return path
}
