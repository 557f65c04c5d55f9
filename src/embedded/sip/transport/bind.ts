import type { ListenOptions } from '../options.js'
import { listenTcp } from './tcp.js'
import { listenTls } from './tls.js'
import type { ListeningPoint, TransportDeps } from './transport.js'
import { listenUdp } from './udp.js'
import { listenWebSocket } from './websocket.js'

const ATTEMPTS = 20

/**
 * Binds all listening points. A UDP and a TCP entry of one host that ask for any port get one number, as peers
 * expect of SIP; a number that is taken in one protocol is given back and another one tried. Rejects with the
 * first error; whatever was bound by then is closed again.
 */
export async function bindAll(
  listen: readonly ListenOptions[],
  deps: TransportDeps,
): Promise<ListeningPoint[]> {
  const bound: ListeningPoint[] = []
  try {
    for (const entries of together(listen)) bound.push(...(await bindTogether(entries, deps)))
  } catch (error) {
    await closeAll(bound)
    throw error
  }
  return bound
}

/** Entries that share a number, in one list; each of the others in a list of its own. */
function together(listen: readonly ListenOptions[]): ListenOptions[][] {
  const groups: ListenOptions[][] = []
  for (const entry of listen) {
    const group = groups.find(([first]) => first && sharesNumber(first, entry))
    if (group?.length === 1) group.push(entry)
    else groups.push([entry])
  }
  return groups
}

function sharesNumber(one: ListenOptions, other: ListenOptions): boolean {
  const protocols = [one.protocol, other.protocol]
  const both = protocols.includes('udp') && protocols.includes('tcp')
  return both && one.host === other.host && one.port === 0 && other.port === 0
}

async function bindTogether(entries: ListenOptions[], deps: TransportDeps): Promise<ListeningPoint[]> {
  for (let attempt = 1; ; attempt++) {
    const bound: ListeningPoint[] = []
    try {
      for (const entry of entries) {
        bound.push(await bind({ ...entry, port: bound[0]?.port ?? entry.port }, deps))
      }
      return bound
    } catch (error) {
      await closeAll(bound)
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!taken || bound.length === 0 || attempt === ATTEMPTS) throw error
    }
  }
}

function bind(options: ListenOptions, deps: TransportDeps): Promise<ListeningPoint> {
  switch (options.protocol) {
    case 'udp':
      return listenUdp(options, deps.events)
    case 'tcp':
      return listenTcp(options, deps)
    case 'tls':
      return listenTls(options, deps)
    case 'ws':
    case 'wss':
      return listenWebSocket(options, deps)
    default:
      options satisfies never
      throw new Error('unknown SIP transport')
  }
}

async function closeAll(points: readonly ListeningPoint[]): Promise<void> {
  await Promise.all(points.map((point) => point.close()))
}
