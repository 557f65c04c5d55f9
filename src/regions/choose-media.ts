import type { Costs, Region } from './costs.js'

/** A media server, as far as it matters for the choice. */
export interface MediaCandidate {
  readonly region?: string
  readonly up: boolean
  /** It takes no new endpoints. */
  readonly full: boolean
  /** Endpoints for its weight. */
  readonly load: number
}

/** Between whom the media goes. */
export interface Ends {
  /** Of the gateway by which the caller came. */
  readonly caller: Region
  /** Of each destination whose region is known; none where nobody is known yet. */
  readonly callees: readonly string[]
}

/** The regions that have a media server, the best first. */
export interface MediaChoice {
  /** Undefined where a server that is in no region is the best, or none at all takes calls. */
  readonly region: Region
  /** Where the media is to be, and where else if it cannot be there. */
  readonly order: readonly string[]
  readonly candidates: readonly RankedRegion[]
}

export interface RankedRegion {
  readonly region: Region
  /** Of the whole way: caller to media, and media to the destinations on the average. */
  readonly cost: number
  /** Of its server with the least. */
  readonly load: number
  readonly state: 'up' | 'full' | 'away'
}

/**
 * Chooses where the media of a call is. Both sides of a call are joined on one engine, so that this is one choice a
 * call: the region with the least cost of the whole way, and with the least load among equals; of those too, the
 * caller's own.
 */
export function chooseMedia(
  { caller, callees }: Ends,
  servers: readonly MediaCandidate[],
  costs: Costs,
): MediaChoice {
  const regions = [...new Set(servers.map(({ region }) => region))]
  const candidates = regions
    .map((region): RankedRegion => {
      const own = servers.filter((server) => server.region === region)
      const taking = own.filter(({ up, full }) => up && !full)
      return {
        region,
        cost: wholeWay(region, caller, callees, costs),
        load: Math.min(...(taking.length > 0 ? taking : own).map(({ load }) => load)),
        state: taking.length > 0 ? 'up' : own.some(({ up }) => up) ? 'full' : 'away',
      }
    })
    .sort(
      (a, b) =>
        Number(a.state !== 'up') - Number(b.state !== 'up') ||
        a.cost - b.cost ||
        a.load - b.load ||
        Number(a.region !== caller) - Number(b.region !== caller),
    )
  const usable = candidates.filter(({ state }) => state === 'up')
  return {
    region: usable[0]?.region,
    order: usable.flatMap(({ region }) => region ?? []),
    candidates,
  }
}

function wholeWay(region: Region, caller: Region, callees: readonly string[], costs: Costs): number {
  return costs.toServer(caller, region) + mean(callees.map((callee) => costs.fromServer(region, callee)))
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
