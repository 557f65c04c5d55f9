import { chooseMedia } from '../../src/regions/choose-media.js'
import { costsOf } from '../../src/regions/costs.js'
import { MediaServers } from './media-servers.js'
import { REGIONS, type RegionName, ROUND_TRIPS, SHARES } from './places.js'
import { randomFrom } from './random.js'
import type { Scenario } from './scenarios.js'
import { World } from './world.js'

/** Calls a second, and how long they last on the average, seconds. */
const RATE = 5
const TALK_S = 120

/** One call: how long its way is, ms of a round trip. */
export interface Simulated {
  readonly chosenMs: number
  /** By the best region that is up, known only to who knows the true round trips, and whoever has room. */
  readonly bestMs: number
  /** By each region, if all media were there. */
  readonly aloneMs: Readonly<Record<RegionName, number>>
}

export interface Simulation {
  readonly calls: readonly Simulated[]
  /** Calls that no region took. */
  readonly turnedAway: number
}

/** Lets so many calls come, and has the media of each chosen as the server would. The same for the same seed. */
export function simulate(scenario: Scenario, count: number, seed: number): Simulation {
  const random = randomFrom(seed)
  const world = new World(scenario, random)
  const servers = new MediaServers(roomOf(scenario), scenario.lost)
  const costs = costsOf(ROUND_TRIPS)
  const calls: Simulated[] = []
  let turnedAway = 0
  let now = 0
  for (let n = 0; n < count; n++) {
    now += -Math.log(1 - random()) / RATE
    const [caller, callee] = [world.person(), world.person()]
    const callees = random() < scenario.unknownCallees ? [] : [callee.edge]
    const media = chooseMedia({ caller: caller.edge, callees }, servers.at(now), costs).region
    const region = REGIONS.find((name) => name === media)
    if (region === undefined) {
      turnedAway += 1
      continue
    }
    servers.take(region, now - Math.log(1 - random()) * TALK_S)
    calls.push({
      chosenMs: world.pathMs(caller, region, callee),
      bestMs: world.best(caller, callee),
      aloneMs: Object.fromEntries(
        REGIONS.map((name) => [name, world.pathMs(caller, name, callee)]),
      ) as Record<RegionName, number>,
    })
  }
  return { calls, turnedAway }
}

/** By the share of callers, of those regions that are up. */
function roomOf({ room, lost }: Scenario): Record<RegionName, number> {
  const up = REGIONS.filter((region) => !lost.includes(region))
  const whole = up.reduce((sum, region) => sum + SHARES[region], 0)
  return Object.fromEntries(
    REGIONS.map((region) => [region, Math.ceil((room * RATE * TALK_S * SHARES[region]) / whole)]),
  ) as Record<RegionName, number>
}
