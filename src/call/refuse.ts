import { change, dismiss, find, spoke } from './attempts.js'
import { type Ending, endingOfStatus, reasonOf } from './ending.js'
import type { CallEvent } from './event.js'
import { end } from './finish.js'
import type { AttemptId } from './ids.js'
import { goOn, moveOn, moveOnIfExhausted } from './move-on.js'
import { isNextMember } from './plan.js'
import type { Accepted, Attempt, State, Step, Waiting } from './state.js'
import { forEach, stay, andThen } from './step.js'

type Asking = Waiting | Accepted

/** The user said no by API, or sends the call elsewhere. */
export function declined(
  state: Asking,
  { attempt, status, reason, redirect }: Extract<CallEvent, { type: 'declined' }>,
): Step {
  const how = refusal(status, reason)
  return andThen<Asking, State>(spoke(state, find(state, attempt)), (s) =>
    redirect === undefined
      ? refused(s, attempt, how)
      : andThen<Asking, State>(silence(s, attempt, how), (t) => goOn(t, redirect, how)),
  )
}

/** What a no stands for; its Reason is passed on. */
export function refusal(status: number, reason: string | undefined): Ending {
  return endingOfStatus(status, 'callee', reason === undefined ? {} : { reason })
}

/** A user's no on one phone is its word for all of them (RFC 3261 §21.6), and for nobody else's. */
export function refused(state: Asking, id: AttemptId, how: Ending): Step {
  return andThen<Asking, State>(silence(state, id, how), (s) => {
    if (speaksForAll(s, id)) return end(s, how)
    return s.phase === 'accepted' ? moveOn(s, how) : moveOnIfExhausted(s)
  })
}

/** No phone of this user is rung any more, nor one of its own that registers from now on. */
function silence(state: Asking, id: AttemptId, how: Ending): Step<Asking> {
  const user = userOf(find(state, id))
  if (user === undefined) return stay(state)
  const noted: Asking = { ...state, refused: [...state.refused, user] }
  const theirs = state.attempts.filter((a) => a.over?.final !== true && userOf(a) === user)
  const over = { status: how.status, final: true }
  return forEach(noted, theirs, (s, a) => dismiss(change(s, a.id, { over }), a.id, how.status, reasonOf(how)))
}

/** Undefined for a number outside. */
function userOf({ destination }: Attempt): string | undefined {
  return destination.kind === 'outside' ? undefined : destination.user
}

/**
 * Nobody else is to be asked, in this step or as the next member of a group. A number outside speaks for the user whose
 * step it is in.
 */
function speaksForAll(state: Asking, id: AttemptId): boolean {
  const { users, otherwise } = state.plan
  const inTurn = isNextMember(state.target) || (otherwise.kind === 'target' && isNextMember(otherwise.target))
  if (inTurn || users.length > 1) return false
  const user = userOf(find(state, id))
  return user === undefined || user === users[0]
}
