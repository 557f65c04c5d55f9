import { ending } from './ending.js'
import type { CallEvent } from './event.js'
import { end } from './finish.js'
import { answer, provide } from './hold.js'
import type { PerformanceId } from './ids.js'
import { callOf, type Performing, type Routing, type State, type Step } from './state.js'
import { arm, stay, step, andThen } from './step.js'

/** Somebody directs the call: the caller is to hear something, and goes on from there. */
export function direct(
  state: Routing,
  { performance, answer: first, limitMs, next }: Extract<CallEvent, { type: 'directed' }>,
): Step {
  // Nobody is there to hear it, and nobody is asked who could take the call.
  if (state.caller === 'expected') return end(state, ending('no-answer', 'server'))
  const directed: Performing = { phase: 'performing', performance, next, begun: null, ...callOf(state) }
  return andThen<Performing, State>(arm(directed, 'perform', limitMs), (s) =>
    andThen(first && s.caller === 'pending' ? answer(s) : stay(s), begin),
  )
}

/** Begins as soon as the caller hears us: once it has its 200, or its early media. */
export function begin(state: Performing): Step<Performing> {
  if (state.begun !== null) return stay(state)
  if (state.caller === 'open') return perform(state)
  if (state.caller !== 'pending') return stay(state)
  const { provisional } = state
  if (provisional?.given === false) return stay(state)
  return provisional?.style === 'early-media' ? perform(state) : provide(state, 'early-media')
}

function perform(state: Performing): Step<Performing> {
  const id: PerformanceId = `p${state.serial}`
  const begun: Performing = { ...state, begun: id, serial: state.serial + 1, ringback: false }
  return step(begun, { type: 'perform', id, performance: state.performance })
}
