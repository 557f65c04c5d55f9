import { ending } from './ending.js'
import { end } from './finish.js'
import type { TimerId } from './ids.js'
import { alert } from './progress.js'
import type { Accepted, Call, Ended, Routing, Step, Waiting } from './state.js'
import { arm, fired, stay, step, andThen } from './step.js'

/** A proxy may give up an INVITE that hears nothing for three minutes (RFC 3261 §16.6, timer C). */
const REASSURE_MS = 60_000

type Unanswered = (Routing | Waiting | Accepted) & Call

/** The caller gets its first provisional, and others from then on; it may come to a call in which a device rings. */
export function hold<S extends Waiting | Accepted>(state: S): Step<S> {
  const held = andThen(step(state, { type: 'hold', style: state.hold }), startReassuring)
  return andThen(held, (s) => (s.alerted ? alert(s) : stay(s)))
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
