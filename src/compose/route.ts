import { systemClock } from '../adapters/system/clock.js'
import type { Config } from '../config/index.js'
import { costsOf } from '../regions/costs.js'
import { createRegions, type RegionsView } from '../regions/regions.js'
import { routingConfig } from '../routing/from-config.js'
import { createRouter } from '../routing/router.js'
import { createSleepers } from '../routing/sleepers.js'
import { routingTable } from '../routing/table-of.js'
import { explainRoute, type RouteExplanation, type RouteQuestion } from '../runtime/explain-route.js'
import { embeddedName } from './media.js'
import { embeddedServers } from './sip.js'

/** By which regions a call would go, as far as the configuration says it: every server is up, no device is known. */
export function explainOffline(
  config: Config,
  question: RouteQuestion,
): Promise<RouteExplanation | undefined> {
  const table = routingTable(routingConfig(config))
  const nobody = { devicesOf: () => Promise.resolve([]), bindingsOf: () => Promise.resolve([]) }
  const router = createRouter({
    table: () => table,
    store: nobody,
    sleepers: createSleepers(systemClock),
    clock: systemClock,
  })
  const regions = createRegions(viewOf(config))
  return explainRoute({ regions, table: () => table, router }, question)
}

function viewOf({ sip, media, regions, paths }: Config): RegionsView {
  const costs = costsOf(paths.costs)
  const idle = { up: true, full: false, load: 0 }
  const edges =
    sip.engine === 'drachtio'
      ? sip.servers.map(({ name, region }) => ({ ...placed(name, region), up: true, listening: [] }))
      : embeddedServers(sip, regions).map(({ name, region, listen, advertise }) => ({
          ...placed(name, region),
          ...{ up: true, listening: listen, ...(advertise === undefined ? {} : { advertise }) },
        }))
  const servers =
    media.engine === 'freeswitch'
      ? media.servers.map(({ name, region, weight }) => ({
          ...placed(name, region),
          ...{ ...idle, full: weight === 0 },
        }))
      : [
          { ...placed('embedded', media.region), ...idle },
          ...[...regions].flatMap(([name, own]) =>
            own.media === undefined ? [] : [{ ...placed(embeddedName(name), name), ...idle }],
          ),
        ]
  return {
    names: [...regions.keys()],
    domain: sip.domain,
    costs: () => costs,
    edges: () => edges,
    media: () => servers,
  }
}

function placed(name: string, region: string | undefined): { name: string; region?: string } {
  return region === undefined ? { name } : { name, region }
}
