import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'

/** A way to a TCP server that can be cut: what a lost server looks like from afar. */
export interface CuttablePath {
  readonly port: number
  /** Ends what goes through it, and lets nothing through any more. */
  cut(): Promise<void>
  mend(): void
  close(): Promise<void>
}

export async function cuttablePath(to: { host: string; port: number }): Promise<CuttablePath> {
  const sockets = new Set<Socket>()
  let open = true
  const server = createServer((near) => {
    if (!open) {
      near.destroy()
      return
    }
    const far = connect({ ...to, noDelay: true })
    near.setNoDelay(true)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = async (): Promise<void> => {
    open = false
    await Promise.all([...sockets].map((socket) => (socket.destroy(), once(socket, 'close'))))
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    mend: () => (open = true),
    async close() {
      await cut()
      server.close()
      await once(server, 'close')
    },
  }
}
