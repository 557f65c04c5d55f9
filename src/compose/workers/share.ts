import type { Config, WatchedConfig } from '../../config/index.js'
import type { Share } from './messages.js'

interface Ports {
  readonly from: number
  readonly to: number
}

/** The part of a range of RTP ports that is one worker's: as many pairs for each, and no pair for two. */
export function portsOf({ from, to }: Ports, { worker, workers }: Pick<Share, 'worker' | 'workers'>): Ports {
  // RTP is on an even port, and RTCP on the odd one above it (RFC 3550 §11).
  const first = from + (from % 2)
  const each = Math.floor((to - first + 1) / 2 / workers)
  const own = first + 2 * each * (worker - 1)
  return { from: own, to: own + 2 * each - 1 }
}

/** What of the configuration keeps so many workers from running; undefined where they can. */
export function objectionTo(
  workers: number,
  { database, media, regions }: Config,
): { readonly key: string; readonly message: string } | undefined {
  if (database.engine === 'pglite') {
    const message = 'PGlite belongs to one process: --workers needs postgres here, and database.url'
    return { key: 'database.engine', message }
  }
  if (media.engine !== 'embedded') return undefined
  const ranges: (readonly [string, Ports])[] = [
    ['media.ports', media.ports],
    ...[...regions].flatMap(([name, { media: own }]) =>
      own === undefined ? [] : [[`regions.${name}.media.ports`, own.ports] as const],
    ),
  ]
  const short = ranges.find(([, ports]) => {
    const { from, to } = portsOf(ports, { worker: 1, workers })
    return to < from
  })
  return short && { key: short[0], message: `has no pair of ports for each of ${String(workers)} workers` }
}

/** The configuration as a worker is to see it. */
export function shareOf(config: Config, share: Share): Config {
  const { database, media, sip, regions } = config
  return {
    ...config,
    sip: share.gateways === undefined ? sip : { ...sip, engine: 'drachtio', servers: [...share.gateways] },
    database: database.engine === 'postgres' ? { ...database, node: share.node } : database,
    media: media.engine === 'embedded' ? { ...media, ports: portsOf(media.ports, share) } : media,
    regions: new Map(
      [...regions].map(([name, region]) => {
        const { media: own } = region
        const shared =
          own === undefined ? region : { ...region, media: { ...own, ports: portsOf(own.ports, share) } }
        return [name, shared]
      }),
    ),
  }
}

/** The configuration that is watched, as `view` has it. */
export function viewed(watched: WatchedConfig, view: (config: Config) => Config): WatchedConfig {
  let whole = watched.current()
  let seen = view(whole)
  const of = (config: Config): Config => {
    if (config !== whole) [whole, seen] = [config, view(config)]
    return seen
  }
  return {
    current: () => of(watched.current()),
    reload: () => watched.reload(),
    subscribe: (hear) => watched.subscribe((config, applied) => hear(of(config), applied)),
  }
}
