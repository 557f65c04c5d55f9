import { connect, createServer } from 'node:net'
import type { ListenOptions } from '../options.js'
import { listenStream } from './stream-point.js'
import type { ListeningPoint, TransportDeps } from './transport.js'

/** Binds a TCP listening point. */
export function listenTcp(options: ListenOptions, deps: TransportDeps): Promise<ListeningPoint> {
  const kind = {
    protocol: 'tcp',
    server: createServer(),
    accepted: 'connection',
    opened: 'connect',
    dial: ({ address, port }: { address: string; port: number }, localAddress: string | undefined) =>
      connect({ host: address, port, ...(localAddress !== undefined && { localAddress }) }),
    close: () => undefined,
  } as const
  return listenStream(kind, options, deps)
}
