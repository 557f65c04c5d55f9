import { dismiss, everybodyIsOut, outcome, pass } from './attempts.js'
import { type Ending, ending, endingOfStatus, reasonOf } from './ending.js'
import { end } from './finish.js'
import { isNextMember, type RouteTarget } from './plan.js'
import {
  type Accepted,
  type Bridged,
  callOf,
  type Ended,
  type Performing,
  type Routing,
  type Step,
  type Waiting,
} from './state.js'
import { disarm, forEach, stay, step, andThen } from './step.js'

/** A chain of targets longer than this is a loop. */
const MAX_HOPS = 5

/** Ends the step as soon as nobody is left in it. */
export function moveOnIfExhausted(state: Waiting): Step<Waiting | Routing | Ended> {
  return everybodyIsOut(state) ? moveOn(state, outcome(state.attempts)) : stay(state)
}

/** The hold deadline. */
export function moveOnAfterDeadline(state: Waiting): Step<Routing | Ended> {
  return moveOn(state, ending('no-answer', 'server'))
}

/** The device that accepted did not come to the call in time. */
export function moveOnUnconnected(state: Accepted): Step<Routing | Ended> {
  const how = ending('no-second-response', 'server')
  const { otherwise } = state.plan
  // A status that stands for nobody answering would not be true: somebody did.
  return otherwise.kind === 'target' ? goOn(state, otherwise.target, how) : end(state, how)
}

/** Nobody answered in this step: on to the next target, or to the end. */
export function moveOn(state: Waiting | Accepted, how: Ending): Step<Routing | Ended> {
  const { otherwise } = state.plan
  switch (otherwise.kind) {
    case 'target':
      return goOn(state, otherwise.target, how)
    case 'status':
      return end(state, endingOfStatus(otherwise.status, 'server'))
    case 'outcome':
      return end(state, how)
  }
}

/** Leaves the step for another target. `how`: what became of this one. */
export function goOn(state: Waiting | Accepted, target: RouteTarget, how: Ending): Step<Routing | Ended> {
  return andThen(leaveStep(state, how), (s) => routeOn(s, target, how))
}

/** `after`: what became of those who were called last; null where nobody was. */
export function routeOn(
  state: Performing | Waiting | Accepted | Bridged,
  target: RouteTarget,
  after: Ending | null,
): Step<Routing | Ended> {
  const hops = isNextMember(target) ? state.hops : state.hops + 1
  if (hops > MAX_HOPS) {
    return end(state, { ...(after ?? ending('failed', 'server')), detail: 'the chain of targets is a loop' })
  }
  const routing: Routing = {
    phase: 'routing',
    target,
    arrived: [],
    deliberating: false,
    ...callOf(state),
    hops,
  }
  // Whoever wrote the instructions has heard what came of these.
  const asked = target.kind === 'instructions' ? pass(routing) : routing
  return step(asked, { type: 'route', target, after })
}

function leaveStep(state: Waiting | Accepted, how: Ending): Step<Waiting | Accepted> {
  const untimed = andThen(disarm(state, 'hold'), (s) => disarm(s, 'second-response'))
  return andThen(untimed, (s) =>
    forEach(s, s.attempts, (t, a) => dismiss(t, a.id, how.status, reasonOf(how))),
  )
}
