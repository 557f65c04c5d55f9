import { change, dismiss, find, spoke } from './attempts.js'
import type { Destination } from './destination.js'
import { type Ending, endingOfStatus, reasonOf } from './ending.js'
import type { CallEvent } from './event.js'
import { end } from './finish.js'
import type { AttemptId } from './ids.js'
import { goOn, moveOn, moveOnIfExhausted } from './move-on.js'
import { isNextMember } from './plan.js'
import type { Accepted, State, Step, Waiting } from './state.js'
import { forEach, andThen } from './step.js'

type Asking = Waiting | Accepted

/** The user said no by API, or sends the call elsewhere. */
export function declined(
  state: Asking,
  { attempt, status, reason, redirect }: Extract<CallEvent, { type: 'declined' }>,
): Step {
  const how = refusal(status, reason)
  return andThen<Asking, State>(spoke(state, find(state, attempt)), (s) =>
    redirect === undefined ? refused(s, attempt, how) : goOn(noted(s, attempt), redirect, how),
  )
}

/** What a no stands for; its Reason is passed on. */
export function refusal(status: number, reason: string | undefined): Ending {
  return endingOfStatus(status, 'callee', reason === undefined ? {} : { reason })
}

/** A user's no on one phone is its word for all of them (RFC 3261 §21.6), and for nobody else's. */
export function refused(state: Asking, id: AttemptId, how: Ending): Step {
  const { destination } = find(state, id)
  return andThen<Asking, State>(dismissThoseOf(noted(state, id), destination, how), (s) => {
    if (speaksForAll(destination, s)) return end(s, how)
    return s.phase === 'accepted' ? moveOn(s, how) : moveOnIfExhausted(s)
  })
}

/** Phones of this user that register from now on are not rung. */
function noted(state: Asking, id: AttemptId): Asking {
  const { destination } = find(state, id)
  return destination.kind === 'outside' ? state : { ...state, refused: [...state.refused, destination.user] }
}

function dismissThoseOf(state: Asking, by: Destination, how: Ending): Step<Asking> {
  const theirs = state.attempts.filter((a) => a.over?.final !== true && isOfOneUser(a.destination, by))
  const over = { status: how.status, final: true }
  return forEach(state, theirs, (s, a) => dismiss(change(s, a.id, { over }), a.id, how.status, reasonOf(how)))
}

function isOfOneUser(a: Destination, b: Destination): boolean {
  return a.kind !== 'outside' && b.kind !== 'outside' && a.user === b.user
}

/**
 * Nobody else is to be asked, in this step or as the next member of a group. A number outside has no user of its own,
 * and speaks for the one whose step it is in.
 */
function speaksForAll(destination: Destination, { target, plan }: Asking): boolean {
  const { users, otherwise } = plan
  const inTurn = isNextMember(target) || (otherwise.kind === 'target' && isNextMember(otherwise.target))
  if (inTurn || users.length > 1) return false
  return destination.kind === 'outside' || destination.user === users[0]
}
