import type { ListenOptions } from '../options.js'
import type { StreamDeps } from './stream-connection.js'
import { listenTcp } from './tcp.js'
import type { ListeningPoint } from './transport.js'
import { listenUdp } from './udp.js'

const ATTEMPTS = 20

/**
 * Binds all listening points. Entries of one host that ask for any port get one number for all their protocols,
 * as peers expect of SIP; a number that is taken in one protocol is given back and another one tried.
 * Rejects with the first bind error; whatever was bound by then is closed again.
 */
export async function bindAll(listen: readonly ListenOptions[], deps: StreamDeps): Promise<ListeningPoint[]> {
  const bound: ListeningPoint[] = []
  try {
    for (const entry of listen.filter(({ port }) => port !== 0)) bound.push(await bind(entry, deps))
    const anyPort = listen.filter(({ port }) => port === 0)
    for (const host of new Set(anyPort.map((entry) => entry.host))) {
      bound.push(
        ...(await bindTogether(
          anyPort.filter((entry) => entry.host === host),
          deps,
        )),
      )
    }
  } catch (error) {
    await closeAll(bound)
    throw error
  }
  return bound
}

async function bindTogether(entries: ListenOptions[], deps: StreamDeps): Promise<ListeningPoint[]> {
  const protocols = new Set(entries.map((entry) => entry.protocol))
  if (protocols.size < entries.length) return Promise.all(entries.map((entry) => bind(entry, deps)))
  for (let attempt = 1; ; attempt++) {
    const bound: ListeningPoint[] = []
    try {
      for (const entry of entries) bound.push(await bind({ ...entry, port: bound[0]?.port ?? 0 }, deps))
      return bound
    } catch (error) {
      await closeAll(bound)
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!taken || attempt === ATTEMPTS) throw error
    }
  }
}

function bind(options: ListenOptions, deps: StreamDeps): Promise<ListeningPoint> {
  switch (options.protocol) {
    case 'udp':
      return listenUdp(options, deps.events)
    case 'tcp':
      return listenTcp(options, deps)
    default:
      options.protocol satisfies never
      throw new Error(`unknown SIP transport: ${String(options.protocol)}`)
  }
}

async function closeAll(points: readonly ListeningPoint[]): Promise<void> {
  await Promise.all(points.map((point) => point.close()))
}
