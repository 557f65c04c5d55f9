import { close, dismiss } from './attempts.js'
import { type Ending, reasonOf } from './ending.js'
import type { LegId } from './ids.js'
import type { Ended, Live, Step } from './state.js'
import { arm, disarmAll, forEach, stay, step, andThen } from './step.js'

/** Longer than any transaction lives (64·T1 = 32 s, RFC 3261 §17): what has not closed by then never will. */
const SETTLE_MS = 40_000

/** Ends the call: everybody hears why, every leg is closed, and the record is written. */
export function end(state: Live, how: Ending): Step<Ended> {
  const ended: Ended = { ...common(state), phase: 'ended', ending: how, released: false }
  const winner = 'winner' in state ? state.winner : null
  const losers = state.attempts.filter((a) => winner === null || a.leg !== winner)
  const told = forEach(ended, losers, (s, a) => dismiss(s, a.id, how.status, reasonOf(how)))
  const closed = andThen(told, (s) => forEach(s, s.legs, (t, l) => close(t, l.id, reasonOf(how))))
  return andThen(andThen(andThen(closed, disarmAll), finishCaller), (s) =>
    andThen(step(s, { type: 'end', ending: how }), (t) => {
      const settled = settle(t)
      return settled.state.released ? settled : arm(t, 'settle', SETTLE_MS)
    }),
  )
}

function common({ caller, hold, accept, attempts, legs, timers, alerted, serial, hops }: Live) {
  return { caller, hold, accept, attempts, legs, timers, alerted, serial, hops }
}

function finishCaller(state: Ended): Step<Ended> {
  switch (state.caller) {
    case 'pending':
      return rejectCaller(state)
    case 'open':
      return hangUpCaller(state)
    // Its 200 is on the way: what became of it comes as `connected` or `connect-failed`.
    case 'answering':
    case 'closing':
    case 'closed':
      return stay(state)
  }
}

export function rejectCaller(state: Ended): Step<Ended> {
  return step({ ...state, caller: 'closed' }, { type: 'reject-caller', ending: state.ending })
}

export function hangUpCaller(state: Ended): Step<Ended> {
  return step(
    { ...state, caller: 'closing' },
    { type: 'hang-up', leg: 'caller', reason: reasonOf(state.ending) },
  )
}

/** Releases the call once nothing of it is open. */
export function settle(state: Ended): Step<Ended> {
  if (state.released || state.caller !== 'closed' || state.legs.length > 0) return stay(state)
  return andThen(disarmAll(state), (s) => step({ ...s, released: true }, { type: 'release', leaked: [] }))
}

/** Releases the call although some of its legs never said that they closed. */
export function abandon(state: Ended): Step<Ended> {
  if (state.released) return stay(state)
  const caller: LegId[] = state.caller === 'closed' ? [] : ['caller']
  const leaked = [...caller, ...state.legs.map((l) => l.id)]
  return step<Ended>({ ...state, caller: 'closed', legs: [], released: true }, { type: 'release', leaked })
}
