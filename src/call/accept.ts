import { change, dismiss, find, maySpeak, quieten } from './attempts.js'
import { COMPLETED_ELSEWHERE } from './ending.js'
import { answer } from './hold.js'
import type { AttemptId } from './ids.js'
import { type Accepted, callOf, type Step, type Waiting } from './state.js'
import { arm, disarm, forEach, stay, step, andThen } from './step.js'

/**
 * First response: a user accepted by API, ahead of any SIP. Its device has the call as soon as it is there; an INVITE
 * of ours that is under way to it stays. Nobody else is asked any more.
 */
export function accept(state: Waiting, id: AttemptId): Step<Waiting | Accepted> {
  if (!maySpeak(state, id)) return stay(state)
  const { target, plan } = state
  const accepted: Accepted = { phase: 'accepted', target, plan, attempt: id, ...callOf(state) }
  const others = state.attempts.filter((a) => a.id !== id)
  const told = forEach(accepted, others, (s, a) => dismiss(s, a.id, 480, COMPLETED_ELSEWHERE))
  const known = andThen(andThen(told, knowsOfTheCall), (s) => disarm(s, 'hold'))
  return andThen(
    andThen(known, (s) => arm(s, 'second-response', plan.secondResponseMs)),
    tellCaller,
  )
}

/** The device needs no push any more, whatever became of one, and is owed word of the ending even without one. */
function knowsOfTheCall(state: Accepted): Step<Accepted> {
  return andThen(quieten(state, find(state, state.attempt)), (s) =>
    stay(change(s, s.attempt, { wake: 'delivered', over: null, owedEnding: true })),
  )
}

/** Once, though a second user may accept it after the first one's device did not come, unless it heard ringback again. */
export function tellCaller(state: Accepted): Step<Accepted> {
  if (state.acceptTold || state.caller === 'expected') return stay(state)
  const told: Accepted = { ...state, acceptTold: true, ringback: false }
  // With its 200 it hears comfort audio.
  if (state.caller === 'answering') return stay(told)
  if (state.caller === 'pending' && state.accept === 'answer') return answer(told)
  return step(told, { type: 'tell-caller-accepted' })
}
