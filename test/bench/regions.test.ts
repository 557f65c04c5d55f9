import { describe, expect, it } from 'vitest'
import { rowOf } from '../../bench/regions/report.js'
import { SCENARIOS } from '../../bench/regions/scenarios.js'
import { simulate } from '../../bench/regions/simulate.js'

const CALLS = 3_000

describe('the simulation of regions', () => {
  it.each(SCENARIOS)('has no call go a shorter way than the best: $name', (scenario) => {
    const { calls } = simulate(scenario, CALLS, 7)
    expect(calls.length).toBeGreaterThan(0.9 * CALLS)
    for (const { chosenMs, bestMs } of calls) expect(chosenMs).toBeGreaterThanOrEqual(bestMs - 1e-6)
  })

  it('goes the best way always where all is known and true', () => {
    const [well] = SCENARIOS
    if (well === undefined) throw new Error('there is no scenario')
    expect(rowOf(well, simulate(well, CALLS, 7))).toMatchObject({
      bestShare: 1,
      turnedAway: 0,
      chosenToBest: 1,
    })
  })

  it.each(SCENARIOS)('beats one region for all: $name', (scenario) => {
    expect(rowOf(scenario, simulate(scenario, CALLS, 7)).singleToChosen).toBeGreaterThan(1)
  })

  it('is the same for the same seed, and another for another', () => {
    const drifting = SCENARIOS.find(({ name }) => name === 'strays')
    if (drifting === undefined) throw new Error('there is no such scenario')
    const run = (seed: number) => rowOf(drifting, simulate(drifting, 500, seed))
    expect(run(1)).toEqual(run(1))
    expect(run(2)).not.toEqual(run(1))
  })
})
