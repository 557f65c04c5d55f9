import fc from 'fast-check'
import { expect, test } from 'vitest'
import { transition } from '../../src/call/transition.js'
import { cycled } from './random.js'
import { World } from './world.js'

const RUNS = Number(process.env['REVEILLE_INTERLEAVINGS'] ?? 20_000)

test(`${RUNS} random interleavings of a call hold every invariant`, { timeout: 120_000 }, () => {
  const phases = new Set<string>()
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 20, maxLength: 250 }), (choices) => {
      const world = new World((state, event) => {
        phases.add(state.phase)
        return transition(state, event)
      }, cycled(choices))
      world.run()
    }),
    { numRuns: RUNS },
  )
  expect([...phases].sort()).toEqual([
    'accepted',
    'bridged',
    'connecting',
    'ended',
    'expecting',
    'new',
    'performing',
    'routing',
    'waiting',
  ])
})
