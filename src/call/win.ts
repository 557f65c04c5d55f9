import { dismiss, setDial, stopWake } from './attempts.js'
import { COMPLETED_ELSEWHERE } from './ending.js'
import type { DialId } from './ids.js'
import type { Call, Connecting, Routing, Step, Waiting } from './state.js'
import { arm, disarmAll, forEach, step, andThen } from './step.js'

/** Joining two legs takes a few round trips to the engines and one to the caller. */
const CONNECT_MS = 15_000

/**
 * A device answered while the caller still waits: it has the call, whatever else was under way. This holds for
 * an INVITE that was being cancelled as well, where the 200 crossed the CANCEL: the user has answered.
 */
export function win(state: Routing | Waiting, winner: DialId): Step<Connecting> {
  const won = state.dials.find((d) => d.id === winner)
  const call: Call = state
  const connecting: Connecting = { ...pick(call), phase: 'connecting', winner, caller: 'answering' }
  const answered = setDial(connecting, winner, 'answered')
  // The INVITE that answered is this attempt's from now on; a later one that replaced it is cancelled below.
  const owned: Connecting = {
    ...answered,
    attempts: answered.attempts.map((a) =>
      a.id === won?.attempt ? { ...a, dial: winner, over: null, owedEnding: false } : a,
    ),
  }
  const losers = owned.attempts.filter((a) => a.dial !== winner)
  const told = forEach(owned, losers, (s, a) => dismiss(s, a.id, 480, COMPLETED_ELSEWHERE))
  const stopped = andThen(told, (s) =>
    forEach(
      s,
      s.attempts.filter((a) => a.dial === winner),
      stopWake,
    ),
  )
  const cancelled = andThen(stopped, (s) => cancelOthers(s, winner))
  return andThen(andThen(cancelled, disarmAll), (s) =>
    andThen(arm(s, 'connect', CONNECT_MS), (t) => step(t, { type: 'connect', dial: winner })),
  )
}

function cancelOthers(state: Connecting, winner: DialId): Step<Connecting> {
  const others = state.dials.filter((d) => d.id !== winner && d.phase !== 'closing')
  return forEach(state, others, (s, d) =>
    step(setDial(s, d.id, 'closing'), { type: 'cancel-dial', dial: d.id, reason: COMPLETED_ELSEWHERE }),
  )
}

function pick({ hold, attempts, dials, timers, alerted, serial, hops }: Call): Omit<Call, 'caller'> {
  return { hold, attempts, dials, timers, alerted, serial, hops }
}
