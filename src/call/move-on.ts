import { dismiss, everybodyIsOut, outcome } from './attempts.js'
import { type Ending, ending, endingOfStatus, reasonOf } from './ending.js'
import { end } from './finish.js'
import type { Ended, Routing, Step, Waiting } from './state.js'
import { disarm, forEach, stay, step, andThen } from './step.js'

/** A chain of no-answer targets longer than this is a loop. */
const MAX_HOPS = 5

/** Ends the step as soon as nobody is left in it. */
export function moveOnIfExhausted(state: Waiting): Step<Waiting | Routing | Ended> {
  return everybodyIsOut(state) ? moveOn(state, outcome(state.attempts)) : stay(state)
}

/** The hold deadline. */
export function moveOnAfterDeadline(state: Waiting): Step<Waiting | Routing | Ended> {
  return moveOn(state, ending('no-answer', 'server'))
}

/** Nobody answered in this step: on to the next target, or to the end. */
function moveOn(state: Waiting, how: Ending): Step<Routing | Ended> {
  const { otherwise } = state.plan
  switch (otherwise.kind) {
    case 'target':
      if (state.hops >= MAX_HOPS)
        return end(state, { ...how, detail: 'the chain of no-answer targets is a loop' })
      return andThen(leaveStep(state, how), (s) => {
        const { plan: _, ...call } = s
        const { target } = otherwise
        return step<Routing>(
          { ...call, phase: 'routing', target, arrived: [], hops: s.hops + 1 },
          { type: 'route', target, after: how },
        )
      })
    case 'status':
      return end(state, endingOfStatus(otherwise.status, 'server'))
    case 'outcome':
      return end(state, how)
  }
}

function leaveStep(state: Waiting, how: Ending): Step<Waiting> {
  return andThen(disarm(state, 'hold'), (s) =>
    forEach(s, s.attempts, (t, a) => dismiss(t, a.id, how.status, reasonOf(how))),
  )
}
