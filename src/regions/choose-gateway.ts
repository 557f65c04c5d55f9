import type { Costs, Region } from './costs.js'

/** A gateway, as far as it matters for the choice. */
export interface GatewayCandidate {
  readonly name: string
  readonly region?: string
  readonly up: boolean
}

export interface GatewayChoice {
  /** Undefined where there is no gateway at all. */
  readonly gateway: string | undefined
  readonly region: Region
  readonly cost: number
}

/**
 * Chooses the gateway of a leg that no registration binds to one: the way from the media through it to where the leg
 * goes is to cost the least. Among equals it is the one nearest to where it goes, then the caller's, then the first. One that is away is named only where all
 * are: the dial then says so.
 */
export function chooseGateway(
  {
    media,
    target,
    caller,
  }: { readonly media: Region; readonly target: Region; readonly caller: string | undefined },
  gateways: readonly GatewayCandidate[],
  costs: Costs,
): GatewayChoice {
  const cost = ({ region }: GatewayCandidate): number =>
    costs.toServer(media, region) + costs.fromServer(region, target)
  const [best] = [...gateways].sort(
    (a, b) =>
      Number(b.up) - Number(a.up) ||
      cost(a) - cost(b) ||
      costs.fromServer(a.region, target) - costs.fromServer(b.region, target) ||
      Number(a.name !== caller) - Number(b.name !== caller),
  )
  return { gateway: best?.name, region: best?.region, cost: best === undefined ? 0 : cost(best) }
}
