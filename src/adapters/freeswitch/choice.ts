/** What speaks for or against a server for a new endpoint. */
export interface Candidate {
  readonly up: boolean
  /** Its share beside the others'; 0: it takes nothing new. */
  readonly weight: number
  readonly region: string | undefined
  readonly endpoints: number
  /** It has as many sessions as it may have. */
  readonly full: boolean
}

/**
 * The servers that may take a new endpoint, the best first: those of the first region, of the next, … then the others; among them the one
 * with the least load for its weight.
 */
export function inOrder<T extends { readonly candidate: Candidate }>(
  servers: readonly T[],
  regions: readonly string[],
): readonly T[] {
  const load = ({ candidate: { endpoints, weight } }: T): number => (endpoints + 1) / weight
  const away = ({ candidate: { region } }: T): number => {
    const rank = region === undefined ? -1 : regions.indexOf(region)
    return rank < 0 ? regions.length : rank
  }
  return servers
    .filter(({ candidate: { up, weight, full } }) => up && weight > 0 && !full)
    .sort((a, b) => away(a) - away(b) || load(a) - load(b))
}
