import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Log } from '../../ports/log.js'

export interface HttpDoor {
  readonly address: AddressInfo
  /** Takes no more connections; those that were handed on are not its own. */
  close(): void
}

/**
 * Takes HTTP connections for all workers, and hands each on, unread. `hand`: false where nobody can take it, and it is
 * closed. Rejects where the address is taken or is none of this machine.
 */
export async function openHttpDoor(
  { host, port }: { readonly host: string; readonly port: number },
  hand: (connection: Socket) => boolean,
  log: Log,
): Promise<HttpDoor> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (connection) => {
    if (!hand(connection)) connection.destroy()
  })
  server.listen({ host, port })
  await once(server, 'listening')
  // Such as no file descriptors left: the next connection may be taken again.
  server.on('error', (error) => log.error({ err: error }, 'an HTTP connection could not be taken'))
  return {
    address: server.address() as AddressInfo,
    close() {
      // `close` comes, if at all, when the last connection has ended that was ever handed on.
      server.close()
    },
  }
}
