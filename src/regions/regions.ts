import type { MediaServerStatus } from '../ports/media.js'
import { chooseGateway, type GatewayChoice } from './choose-gateway.js'
import { chooseMedia, type Ends, type MediaChoice } from './choose-media.js'
import type { Costs, Region } from './costs.js'
import { type Edge, edgeFor } from './edge.js'

/** What is up by now, and what the ways between cost. */
export interface RegionsView {
  readonly edges: () => readonly Edge[]
  readonly media: () => readonly MediaServerStatus[]
  readonly costs: () => Costs
  /** Names of the configured regions. */
  readonly names: readonly string[]
  /** SIP URI to register on where no server has said yet where it listens. */
  readonly domain: string
}

/** Where things are, and which of them a call is to go by: each answer is of the moment. */
export interface Regions {
  /** Regions are configured: without any, there is nothing to choose by. */
  readonly configured: boolean
  /** Of a gateway; undefined where it has none, or is not known. */
  of(gateway: string | undefined): Region
  /** Whether a gateway is up. */
  isUp(gateway: string): boolean
  media(ends: Ends): MediaChoice
  /** For a leg that no registration binds to a gateway. `caller`: name of the caller's. */
  gateway(leg: {
    readonly media: Region
    readonly target: Region
    readonly caller: string | undefined
  }): GatewayChoice
  /** SIP URI that an app of a region is to register on. */
  edge(region: Region): string
}

export function createRegions(view: RegionsView): Regions {
  const find = (gateway: string | undefined): Edge | undefined =>
    view.edges().find(({ name }) => name === gateway)
  return {
    configured: view.names.length > 0,
    of: (gateway) => find(gateway)?.region,
    isUp: (gateway) => find(gateway)?.up ?? false,
    media: (ends) => chooseMedia(ends, view.media(), view.costs()),
    gateway: (leg) => chooseGateway(leg, view.edges(), view.costs()),
    edge: (region) => edgeFor(region, view.edges(), view.costs()) ?? `sip:${view.domain}`,
  }
}

/** Regions all of whose gateways are away. One that never had a gateway cannot lose it. */
export function lostRegions(names: readonly string[], edges: readonly Edge[]): readonly string[] {
  return names.filter((name) => {
    const own = edges.filter(({ region }) => region === name)
    return own.length > 0 && own.every(({ up }) => !up)
  })
}
