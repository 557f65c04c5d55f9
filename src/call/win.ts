import { close, dismiss, setLeg, stopWake } from './attempts.js'
import { COMPLETED_ELSEWHERE } from './ending.js'
import type { DeviceLegId } from './ids.js'
import type { Call, Connecting, Routing, Step, Waiting } from './state.js'
import { arm, disarmAll, forEach, step, andThen } from './step.js'

/** Joining two legs takes a few round trips to the engines and one to the caller. */
const CONNECT_MS = 15_000

/**
 * A device answered while the caller still waits: it has the call, whatever else was under way. This holds for
 * an INVITE that was being cancelled as well, where the 200 crossed the CANCEL: the user has answered.
 */
export function win(state: Routing | Waiting, winner: DeviceLegId): Step<Connecting> {
  const won = state.legs.find((l) => l.id === winner)
  const call: Call = state
  const connecting: Connecting = { ...pick(call), phase: 'connecting', winner, caller: 'answering' }
  const answered = setLeg(connecting, winner, 'answered')
  // The INVITE that answered is this attempt's from now on; a later one that replaced it is cancelled below.
  const owned: Connecting = {
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
  const others = owned.legs.filter((l) => l.id !== winner)
  const cancelled = andThen(stopped, (s) => forEach(s, others, (t, l) => close(t, l.id, COMPLETED_ELSEWHERE)))
  return andThen(andThen(cancelled, disarmAll), (s) =>
    andThen(arm(s, 'connect', CONNECT_MS), (t) => step(t, { type: 'connect', leg: winner })),
  )
}

function pick({ hold, accept, attempts, legs, timers, alerted, serial, hops }: Call): Omit<Call, 'caller'> {
  return { hold, accept, attempts, legs, timers, alerted, serial, hops }
}
