import { dismiss, stopWake } from './attempts.js'
import { COMPLETED_ELSEWHERE } from './ending.js'
import type { ArrivingId, AttemptId, DeviceLegId } from './ids.js'
import { close, isKnown, setLeg, withLeg } from './legs.js'
import {
  type Accepted,
  callOf,
  type Connecting,
  type Expecting,
  type Routing,
  type Step,
  type Waiting,
} from './state.js'
import { arm, disarmAll, disarmAllBut, forEach, stay, step, andThen } from './step.js'

/** Joining two legs takes a few round trips to the engines and one to the caller. */
const CONNECT_MS = 15_000

/** A device in the race came to the call by itself, whatever else of it was under way. */
export function winByArriving(
  state: Waiting | Accepted,
  { leg: id, attempt }: { readonly leg: ArrivingId; readonly attempt: AttemptId },
): Step<Waiting | Accepted | Expecting | Connecting> {
  if (isKnown(state, id)) return stay(state)
  return win(withLeg(state, { id, attempt, target: null, phase: 'answered' }), id)
}

/**
 * A device answered while the caller still waits, or is expected: it has the call, whatever else was under way. This
 * holds for an INVITE that was being cancelled as well, where the 200 crossed the CANCEL: the user has answered.
 */
export function win(state: Routing | Waiting | Accepted, winner: DeviceLegId): Step<Expecting | Connecting> {
  const won = state.legs.find((l) => l.id === winner)
  const taken: Expecting = { phase: 'expecting', winner, ...callOf(state) }
  const answered = setLeg(taken, winner, 'answered')
  // The leg that answered is this attempt's from now on; an INVITE that is under way beside it is cancelled below.
  const owned: Expecting = {
    ...answered,
    attempts: answered.attempts.map((a) =>
      a.id === won?.attempt ? { ...a, leg: winner, over: null, owedEnding: false } : a,
    ),
  }
  const losers = owned.attempts.filter((a) => a.leg !== winner)
  const told = forEach(owned, losers, (s, a) => dismiss(s, a.id, 480, COMPLETED_ELSEWHERE))
  const stopped = andThen(told, (s) =>
    forEach(
      s,
      s.attempts.filter((a) => a.leg === winner),
      stopWake,
    ),
  )
  const closed = andThen(stopped, (s) =>
    forEach(
      s,
      s.legs.filter((l) => l.id !== winner),
      (t, l) => close(t, l, COMPLETED_ELSEWHERE),
    ),
  )
  return andThen<Expecting, Expecting | Connecting>(closed, (s) =>
    s.caller === 'expected' ? expect(s) : connect(s),
  )
}

/** The caller's INVITE is awaited for as long as before. */
function expect(state: Expecting): Step<Expecting> {
  return andThen(disarmAllBut(state, 'forward'), (s) => step(s, { type: 'comfort', leg: s.winner }))
}

/** Both sides are there. */
export function connect(state: Expecting): Step<Connecting> {
  const caller = state.caller === 'pending' ? 'joining' : state.caller
  const connecting: Connecting = { phase: 'connecting', winner: state.winner, ...callOf(state), caller }
  return andThen(disarmAll(connecting), (s) =>
    andThen(arm(s, 'connect', CONNECT_MS), (t) => step(t, { type: 'connect', leg: t.winner })),
  )
}
