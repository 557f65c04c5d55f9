import { systemClock } from '../adapters/system/clock.js'
import type { WatchedConfig } from '../config/index.js'
import type { Log } from '../ports/log.js'
import type { Media } from '../ports/media.js'
import type { Signaling } from '../ports/signaling.js'
import type { Store } from '../ports/store.js'
import { costsOf } from '../regions/costs.js'
import { createRegions, type Regions, type RegionsView } from '../regions/regions.js'
import { Rehoming } from '../regions/rehoming.js'
import type { Waker } from '../wake/waker.js'
import type { Lifetime } from './lifetime.js'
import type { Sip } from './sip.js'

export interface RegionsDeps {
  readonly watched: WatchedConfig
  readonly sip: Sip
  /** All of the media, and each engine of it. */
  readonly media: Pick<Media, 'servers'>
  readonly engines: readonly Media[]
  /** It is made after this, for it tells of gateways that come and go. */
  readonly signaling: () => Pick<Signaling, 'gateways'>
  readonly store: Pick<Store, 'devicesIn' | 'use'>
  readonly waker: Pick<Waker, 'rehome'>
  /** Base URL of the client API. */
  readonly api: () => string
  readonly log: Log
}

export interface OpenRegions {
  readonly regions: Regions
  readonly view: RegionsView
  /** To be called at the start, and whenever a gateway came or went. */
  gatewaysChanged(): void
  /** Stops the embedded engines of a region; what of calls is on them is lost. */
  stop(region: string): Promise<void>
}

export function openRegions(deps: RegionsDeps, life: Lifetime): OpenRegions {
  const { watched, store, waker, api, log } = deps
  const view = viewOf(deps, life)
  const regions = createRegions(view)
  const rehoming = life.own(
    new Rehoming({
      ...{ view, regions, store, log, clock: systemClock },
      tell: (device, edge) => waker.rehome(device, { edge, api: api() }).outcome,
      rate: () => {
        const { rehome, rehomeRate } = watched.current().paths
        return rehome ? rehomeRate : undefined
      },
    }),
  )
  return {
    regions,
    view,
    gatewaysChanged: () => rehoming.look(),
    stop: (region) => stop(deps, region),
  }
}

/** What is where by now, with the costs that are in force. */
function viewOf({ watched, sip, media, signaling }: RegionsDeps, life: Lifetime): RegionsView {
  const config = watched.current()
  let costs = costsOf(config.paths.costs)
  life.onClose(watched.subscribe(({ paths }) => (costs = costsOf(paths.costs))))
  const advertised = new Map(sip.gateways.map(({ name, advertise }) => [name, advertise]))
  return {
    names: [...config.regions.keys()],
    domain: config.sip.domain,
    costs: () => costs,
    media: () => media.servers,
    edges: () =>
      signaling().gateways.map((gateway) => {
        const advertise = advertised.get(gateway.name)
        return advertise === undefined ? gateway : { ...gateway, advertise }
      }),
  }
}

async function stop({ sip, engines }: RegionsDeps, region: string): Promise<void> {
  const gateways = sip.gateways.filter((gateway) => gateway.region === region)
  const servers = gateways.flatMap(({ name }) => sip.servers.get(name) ?? [])
  const media = engines.filter((engine) => engine.servers.every((server) => server.region === region))
  await Promise.all([...servers, ...media].map((engine) => engine.close()))
}
