import type { RegionName } from './places.js'

/** What is not as it should be. */
export interface Scenario {
  readonly name: string
  readonly what: string
  /** True round trips are off from the configured costs by up to this share, either way. */
  readonly drift: number
  /** Share of calls of whose callee nothing is known when the media is chosen. */
  readonly unknownCallees: number
  /** Share of people who came by the edge of another region than the one they are in. */
  readonly strays: number
  /** Media servers take this many times the calls that are up on the average. */
  readonly room: number
  /** Engines that are away: no calls come by them, and no media is there. */
  readonly lost: readonly RegionName[]
}

const WELL: Omit<Scenario, 'name' | 'what'> = {
  drift: 0,
  unknownCallees: 0,
  strays: 0,
  room: 3,
  lost: [],
}

export const SCENARIOS: readonly Scenario[] = [
  { ...WELL, name: 'all is well', what: 'costs are true, and everybody comes by the nearest edge' },
  {
    ...WELL,
    name: 'old costs',
    drift: 0.3,
    what: 'round trips are off from the configured costs by up to 30 %, either way',
  },
  {
    ...WELL,
    name: 'unknown callees',
    drift: 0.15,
    unknownCallees: 1,
    what: 'of nobody who is called it is known where; costs are off by up to 15 %',
  },
  {
    ...WELL,
    name: 'strays',
    drift: 0.15,
    strays: 0.2,
    what: 'one in five came by another region’s edge; costs are off by up to 15 %',
  },
  {
    ...WELL,
    name: 'little room',
    drift: 0.15,
    room: 1.05,
    what: 'media servers hold hardly more than the average load; costs are off by up to 15 %',
  },
  {
    ...WELL,
    name: 'a region lost',
    drift: 0.15,
    lost: ['us-east'],
    what: 'us-east, which has most calls, is away; its people come by the nearest other edge; costs are off by up to 15 %',
  },
]
