import { setLeg } from './attempts.js'
import { COMPLETED_ELSEWHERE } from './ending.js'
import type { DialId } from './ids.js'
import type { Call, State, Step } from './state.js'
import { stay, step } from './step.js'

/**
 * A 200 that crossed our CANCEL, for a call that another device has or that is over: its leg is open now, and
 * nobody wants it. A second 200 of the winner's own dial is none.
 */
export function hangUpLate<S extends State & Call>(
  state: S,
  id: DialId,
  reason = COMPLETED_ELSEWHERE,
): Step<S> {
  const late = state.legs.find((l) => l.id === id)
  if (late === undefined || late.phase === 'answered') return stay(state)
  return step(setLeg(state, id, 'closing'), { type: 'hang-up', leg: id, reason })
}
