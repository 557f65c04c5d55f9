import { costsOf } from '../../src/regions/costs.js'
import { pick } from './random.js'
import { REGIONS, type RegionName, ROUND_TRIPS, SHARES } from './places.js'
import type { Scenario } from './scenarios.js'

/** How far somebody is from the edge of the own region, ms of a round trip: an access network. */
const LAST_MILE_MS = { least: 8, most: 45 }

/** Somebody who calls or is called. */
export interface Person {
  readonly home: RegionName
  readonly lastMileMs: number
  /** By which edge this person came, which is all that the server knows. */
  readonly edge: RegionName
}

/** The network as it is, which the configured costs only tell of. */
export class World {
  private readonly true: ReadonlyMap<string, number>
  private readonly up: readonly RegionName[]

  constructor(
    private readonly scenario: Scenario,
    private readonly random: () => number,
  ) {
    const off = (): number => 1 + scenario.drift * (2 * random() - 1)
    const trips = ROUND_TRIPS.map(({ from, to, cost }) => ({ from, to, cost: cost * off() }))
    this.true = new Map(
      trips.flatMap(({ from, to, cost }) => [
        [`${from} ${to}`, cost],
        [`${to} ${from}`, cost],
      ]),
    )
    this.up = REGIONS.filter((region) => !scenario.lost.includes(region))
  }

  /** Round trip between two regions, ms. */
  between(a: RegionName, b: RegionName): number {
    return a === b ? 0 : (this.true.get(`${a} ${b}`) ?? NaN)
  }

  /** From one person by a media server to another, ms: sound goes over this way twice a round trip. */
  pathMs(caller: Person, media: RegionName, callee: Person): number {
    const access = caller.lastMileMs + callee.lastMileMs
    return access + this.between(caller.home, media) + this.between(media, callee.home)
  }

  person(): Person {
    const { random, scenario } = this
    const home = pick(SHARES, random)
    const lastMileMs = LAST_MILE_MS.least + random() * (LAST_MILE_MS.most - LAST_MILE_MS.least)
    const strays = random() < scenario.strays
    const edge = strays ? (this.up[Math.floor(random() * this.up.length)] ?? home) : this.nearestEdge(home)
    return { home, lastMileMs, edge }
  }

  /** The way that is best of all that are up, whoever has room. */
  best(caller: Person, callee: Person): number {
    return Math.min(...this.up.map((media) => this.pathMs(caller, media, callee)))
  }

  private nearestEdge(home: RegionName): RegionName {
    if (this.up.includes(home)) return home
    const costs = costsOf(ROUND_TRIPS)
    const [nearest] = [...this.up].sort((a, b) => costs.toServer(home, a) - costs.toServer(home, b))
    if (nearest === undefined) throw new Error('no region is up')
    return nearest
  }
}
