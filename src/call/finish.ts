import { dismiss } from './attempts.js'
import { type Ending, reasonOf } from './ending.js'
import type { LegId } from './ids.js'
import { callOf, type CallerLeg, type Ended, type Live, type Performing, type Step } from './state.js'
import { arm, disarmAll, forEach, stay, step, andThen } from './step.js'

/** Longer than any transaction lives (64·T1 = 32 s, RFC 3261 §17): what has not closed by then never will. */
const SETTLE_MS = 40_000

/**
 * Ends the call: everybody hears why, every leg is closed, and the record is written. `caller`: how the caller's leg
 * stands because of it.
 */
export function end(state: Live, how: Ending, caller: CallerLeg = state.caller): Step<Ended> {
  // A caller that was answered got its 200, whatever came after that.
  const written = state.caller === 'open' ? { ...how, status: 200 } : how
  const reason = reasonOf(how)
  const call: Ended = { phase: 'ended', ending: written, reason, released: false, ...callOf(state), caller }
  const told = andThen<Live, Ended>(state.phase === 'performing' ? hush(state) : stay(state), () =>
    forEach(call, call.attempts, (s, a) => dismiss(s, a.id, how.status, reason)),
  )
  return andThen(andThen(andThen(told, disarmAll), finishCaller), (s) =>
    andThen(step(s, { type: 'end', ending: written }), (t) => {
      const settled = settle(t)
      return settled.state.released ? settled : arm(t, 'settle', SETTLE_MS)
    }),
  )
}

/** Whatever is being performed is broken off. */
export function hush(state: Performing): Step<Performing> {
  return state.begun === null ? stay(state) : step(state, { type: 'stop-performing', id: state.begun })
}

function finishCaller(state: Ended): Step<Ended> {
  switch (state.caller) {
    // Whoever comes now is a caller like any other.
    case 'expected':
      return stay({ ...state, caller: 'closed' })
    case 'pending':
      return rejectCaller(state)
    case 'open':
      return hangUpCaller(state)
    // Its 200 is on the way: what became of it is still to be heard.
    case 'answering':
    case 'joining':
    case 'closing':
    case 'closed':
      return stay(state)
  }
}

export function rejectCaller(state: Ended): Step<Ended> {
  return step({ ...state, caller: 'closed' }, { type: 'reject-caller', ending: state.ending })
}

export function hangUpCaller(state: Ended): Step<Ended> {
  return step({ ...state, caller: 'closing' }, { type: 'hang-up', leg: 'caller', reason: state.reason })
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
