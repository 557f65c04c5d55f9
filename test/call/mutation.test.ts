import { describe, expect, test } from 'vitest'
import { EQUIVALENT } from './equivalents.js'
import { KINDS, load, mutants } from './mutants.js'
import { seeded } from './random.js'
import type { Transition } from './referee/check.js'
import { SCENARIOS } from './scenarios/all.js'
import { play } from './scenarios/scenario.js'
import { World } from './world.js'

const SEEDS = 2_000
/** Enough to see that a change which is said to be without consequence has one. */
const SEEDS_FOR_EQUIVALENT = 200

const scenarios = Object.values(SCENARIOS).flat()

function breaks(run: () => void): boolean {
  try {
    run()
    return false
  } catch {
    return true
  }
}

function isCaught(transition: Transition, seeds: number): boolean {
  if (scenarios.some((scenario) => breaks(() => play(scenario, transition)))) return true
  for (let seed = 1; seed <= seeds; seed++) {
    if (breaks(() => new World(transition, seeded(seed)).run())) return true
  }
  return false
}

test('the machine as it is passes what its mutants are held to', () => {
  expect(isCaught(load(undefined), SEEDS)).toBe(false)
})

describe('a machine in which', () => {
  test.each(Object.entries(KINDS))('%s is caught', { timeout: 240_000 }, (_, kind) => {
    const all = mutants(kind)
    expect(all.length).toBeGreaterThan(10)
    const missed = all.filter(
      (m) => !isCaught(load(m), Object.hasOwn(EQUIVALENT, m.name) ? SEEDS_FOR_EQUIVALENT : SEEDS),
    )
    const listed = all.filter((m) => Object.hasOwn(EQUIVALENT, m.name))
    expect(missed.map((m) => m.name)).toEqual(listed.map((m) => m.name))
  })
})

test('each change that is listed as equivalent is one that can be made', () => {
  const names = Object.values(KINDS).flatMap((kind) => mutants(kind).map((m) => m.name))
  expect(new Set(names).size).toBe(names.length)
  expect(Object.keys(EQUIVALENT).filter((name) => !names.includes(name))).toEqual([])
})
