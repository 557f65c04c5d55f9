import type { MediaChoice } from '../regions/choose-media.js'
import { gatewayReason, mediaReasons, shown } from '../regions/reasons.js'
import type { Regions } from '../regions/regions.js'
import { NoRoute, type Routed, type Router } from '../routing/router.js'
import type { RoutingTable } from '../routing/table.js'
import { type Place, placesOf } from './places.js'

export interface ExplainDeps {
  readonly regions: Regions
  readonly table: () => RoutingTable
  readonly router: Pick<Router, 'route'>
}

/** A call that is not made. */
export interface RouteQuestion {
  /** Name of a trunk, or an address that its calls come from. */
  readonly from: string
  /** The number or name that is called. */
  readonly to: string
}

export interface RouteExplanation {
  /** By which gateway it comes, where the trunk uses the one that is nearest to it. */
  readonly from: { readonly trunk: string; readonly gateway: string | null; readonly region: string | null }
  readonly media: { readonly region: string | null; readonly reasons: readonly string[] }
  readonly legs: readonly LegExplanation[]
  /** Why nobody is called. */
  readonly ending: string | null
}

export interface LegExplanation {
  readonly to: string
  readonly how: Place['how']
  readonly gateway: string | null
  readonly region: string | null
  /** Where a device that is pushed is told to register. */
  readonly edge: string | null
  readonly reasons: readonly string[]
}

/** By which regions a call would go at this moment. Undefined where no trunk is meant. Rejects with StoreUnavailable. */
export async function explainRoute(
  deps: ExplainDeps,
  { from, to }: RouteQuestion,
): Promise<RouteExplanation | undefined> {
  const { regions, table, router } = deps
  const trunk = table().trunk(from) ?? table().trunkOf(from)
  if (trunk === undefined) return undefined
  const comesBy = regions.gateway({ media: trunk.region, target: undefined, caller: undefined })
  const caller = { trunk: trunk.name, gateway: comesBy.gateway ?? null, region: comesBy.region ?? null }
  let routed: Routed
  try {
    routed = await router.route({ kind: 'number', number: to })
  } catch (error) {
    if (!(error instanceof NoRoute)) throw error
    return { from: caller, media: { region: null, reasons: [] }, legs: [], ending: error.message }
  }
  const places = placesOf(routed, regions, (name) => table().trunk(name))
  const ends = { caller: comesBy.region, callees: places.flatMap(({ region }) => region ?? []) }
  const media = regions.media(ends)
  return {
    from: caller,
    media: { region: media.region ?? null, reasons: mediaReasons(ends, media) },
    legs: places.map((place) => legTo(place, media, comesBy.gateway, regions)),
    ending: places.length > 0 ? null : nobodyThere(routed),
  }
}

function legTo(
  place: Place,
  media: MediaChoice,
  caller: string | undefined,
  regions: Regions,
): LegExplanation {
  const leg = { to: nameOf(place), how: place.how, region: place.region ?? null, edge: null, gateway: null }
  switch (place.how) {
    case 'registered':
      return {
        ...{ ...leg, gateway: place.gateway ?? null },
        reasons: [`registered by ${place.gateway ?? ''} in ${shown(place.region)}`],
      }
    case 'push': {
      const edge = regions.edge(place.region)
      return { ...leg, edge, reasons: [`pushed: last registered in ${shown(place.region)}`] }
    }
    case 'unreachable':
      return { ...leg, reasons: ['the gateway of its registration is away'] }
    case 'trunk': {
      const choice = regions.gateway({ media: media.region, target: place.region, caller })
      return {
        ...{ ...leg, gateway: choice.gateway ?? null, region: choice.region ?? null },
        reasons: [gatewayReason(media.region, place.region, choice)],
      }
    }
    default:
      return place.how satisfies never
  }
}

function nameOf({ destination }: Place): string {
  switch (destination.kind) {
    case 'outside':
      return `${destination.uri} through ${destination.trunk}`
    case 'device':
      return `device ${destination.device.deviceId} of ${destination.user}`
    case 'contact':
      return `${destination.contact.uri} of ${destination.user}`
    default:
      return destination satisfies never
  }
}

function nobodyThere({ plan }: Routed): string {
  return `no phone of ${plan.users.join(', ')} is known here`
}
