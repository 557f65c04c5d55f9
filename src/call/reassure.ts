import type { TimerId } from './ids.js'
import type { Accepted, Call, Routing, Step, Waiting } from './state.js'
import { arm, fired, stay, step, andThen } from './step.js'

/** A proxy may give up an INVITE that hears nothing for three minutes (RFC 3261 §16.6, timer C). */
const REASSURE_MS = 60_000

type Held = (Routing | Waiting | Accepted) & Call

export function startReassuring<S extends Held>(state: S): Step<S> {
  return arm(state, 'reassure', REASSURE_MS)
}

/** The caller's next provisional is due, if that is the timer that fired. */
export function reassure<S extends Held>(state: S, id: TimerId): Step<S> {
  const timer = fired(state, id)
  if (timer?.name !== 'reassure') return stay(state)
  return andThen(step(timer.state, { type: 'reassure-caller' }), startReassuring)
}
