import { ending } from './ending.js'
import { end } from './finish.js'
import type { TimerId } from './ids.js'
import type { HoldStyle } from './plan.js'
import { alert } from './progress.js'
import type { Accepted, Call, Ended, Performing, Routing, Step, Waiting } from './state.js'
import { arm, disarm, fired, stay, step, andThen } from './step.js'

/** A proxy may give up an INVITE that hears nothing for three minutes (RFC 3261 §16.6, timer C). */
const REASSURE_MS = 60_000

type Unanswered = (Routing | Performing | Waiting | Accepted) & Call

/** The caller gets its first provisional; it may come to a call in which a device rings. */
export function hold<S extends Routing | Waiting | Accepted>(state: S): Step<S> {
  return andThen(provide(state, state.hold), (s) => (s.alerted ? alert(s) : stay(s)))
}

/** The caller gets a provisional, and it is repeated from then on. */
export function provide<S extends Unanswered>(state: S, style: HoldStyle): Step<S> {
  const provisional = { style, given: false }
  const provided = { ...state, provisional, ringback: style === 'early-media' }
  return andThen(step(provided, { type: 'hold', style }), startReassuring)
}

/** The caller has its provisional, which a 200 may have overtaken. */
export function held<S extends Unanswered>(state: S): S {
  const { caller, provisional } = state
  return caller !== 'pending' || provisional === null
    ? state
    : { ...state, provisional: { ...provisional, given: true } }
}

/** 200 ahead of any device; answered by `caller-answered` or `hold-failed`. */
export function answer<S extends Unanswered>(state: S): Step<S> {
  return andThen(disarm<S>({ ...state, caller: 'answering', ringback: false }, 'reassure'), (s) =>
    step(s, { type: 'answer-caller' }),
  )
}

/** What the caller gets at once for those who are rung now; one that is expected needs it later. */
export function greet(state: Waiting): Step<Waiting> {
  if (state.caller !== 'pending') return ringBack(state)
  if (state.plan.answerFirst) return answer(state)
  return state.provisional === null ? hold(state) : ringBack(state)
}

/** Somebody is rung: a caller that hears something else of us hears so. It may be told of an accept anew. */
export function ringBack(state: Waiting): Step<Waiting> {
  const { caller, provisional } = state
  const listens = caller === 'open' || (caller === 'pending' && provisional?.style === 'early-media')
  if (state.ringback || !listens) return stay(state)
  return step({ ...state, ringback: true, acceptTold: false }, { type: 'ring-back' })
}

function startReassuring<S extends Unanswered>(state: S): Step<S> {
  return arm(state, 'reassure', REASSURE_MS)
}

/** A timer of the caller, if it is one that fired: its next provisional is due, or it is expected no longer. */
export function callerTimer<S extends Unanswered>(state: S, id: TimerId): Step<S | Ended> {
  const timer = fired(state, id)
  if (timer?.name === 'forward') return end(timer.state, ending('not-forwarded', 'server'))
  if (timer?.name !== 'reassure') return stay(state)
  return andThen(step(timer.state, { type: 'reassure-caller' }), startReassuring)
}
