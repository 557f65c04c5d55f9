/** A cost from one region to another. */
export interface PathCost {
  readonly from: string
  readonly to: string
  readonly cost: number
}

/** Name of a region; undefined where it is not known which. */
export type Region = string | undefined

/** Between two regions that nothing is said of. */
export const ACROSS = 100

/**
 * What the ways between places and our servers cost; only sums of costs are compared. A place that is not known could
 * be anywhere, and speaks neither for nor against a server. A server of no region is most likely elsewhere.
 */
export interface Costs {
  /** From where somebody is to a server. */
  toServer(place: Region, server: Region): number
  /** From a server to where somebody is. */
  fromServer(server: Region, place: Region): number
}

/**
 * Costs by pair of regions. The way back costs the same unless it has a cost of its own; where nothing is said, it
 * costs 0 within a region and {@link ACROSS} from one to another.
 */
export function costsOf(list: readonly PathCost[]): Costs {
  const known = new Map(list.map(({ from, to, cost }) => [keyOf(from, to), cost]))
  const between = (from: string, to: string): number =>
    known.get(keyOf(from, to)) ?? known.get(keyOf(to, from)) ?? (from === to ? 0 : ACROSS)
  return {
    toServer: (place, server) =>
      place === undefined ? 0 : server === undefined ? ACROSS : between(place, server),
    fromServer: (server, place) =>
      place === undefined ? 0 : server === undefined ? ACROSS : between(server, place),
  }
}

function keyOf(from: string, to: string): string {
  return JSON.stringify([from, to])
}
