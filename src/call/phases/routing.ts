import { attempt, knownAs, legFailed } from '../attempts.js'
import { reaches } from '../destination.js'
import type { CallEvent } from '../event.js'
import { end } from '../finish.js'
import { callerTimer, greet, held, hold } from '../hold.js'
import { hangUpLate, mayWin, turnAway } from '../legs.js'
import { signalingLost } from '../lost.js'
import { moveOnIfExhausted } from '../move-on.js'
import { type Plan, withArrivals } from '../plan.js'
import { arrive } from '../primary.js'
import { direct } from '../perform.js'
import { callOf, type Routing, type State, type Step, type Waiting } from '../state.js'
import { arm, forEach, stay, andThen } from '../step.js'
import { win } from '../win.js'
import { whileUnbridged } from './unbridged.js'

/**
 * A target is being resolved. Between two targets, dials of the one before may still be closing; what the push service
 * says of it comes too late.
 */
export function whileRouting(state: Routing, event: CallEvent): Step {
  switch (event.type) {
    case 'routed':
      return andThen<State, State>(ring(state, event.plan), (s) =>
        s.phase === 'waiting' ? greet(s) : stay(s),
      )
    case 'directed':
      return direct(state, event)
    case 'deliberating':
      return holdOnce({ ...state, deliberating: true })
    case 'route-failed':
      return end(state, event.ending)
    case 'registered': {
      const { user, device, contact } = event
      return stay({ ...state, arrived: [...state.arrived, { user, device, contact }] })
    }
    case 'dial-answered':
      return mayWin(state, event.dial) ? win(state, event.dial) : hangUpLate(state, event.dial)
    // Whoever was asked so far had its time, and nobody else is asked yet.
    case 'leg-arrived':
      return turnAway(state, event)
    case 'dial-failed':
      return legFailed(state, event.dial, event.status)
    case 'timer':
      return callerTimer(state, event.id)
    case 'forwarded':
      return state.caller === 'expected'
        ? andThen(arrive(state), (s) => (s.deliberating ? holdOnce(s) : stay(s)))
        : stay(state)
    case 'held':
      return stay(held(state))
    case 'signaling-lost':
      return signalingLost(state, event.legs)
    case 'caller-cancelled':
    case 'caller-answered':
    case 'hold-failed':
    case 'leg-closed':
    case 'media-lost':
    case 'drained':
    case 'primary-rejected':
    case 'primary-answered':
    case 'primary-ended':
    case 'primary-failed':
      return whileUnbridged(state, event)
    case 'invited':
    case 'reported':
    case 'accepted':
    case 'declined':
    case 'push-delivered':
    case 'push-refused':
    case 'dial-progressed':
    case 'connected':
    case 'connect-failed':
    case 'media-timeout':
    case 'performed':
      return stay(state)
    default:
      return event satisfies never
  }
}

/** The caller is held once, at the first target that somebody waits for. */
function holdOnce(state: Routing): Step<Routing> {
  return state.caller === 'pending' && state.provisional === null ? hold(state) : stay(state)
}

function ring(state: Routing, plan: Plan): Step {
  const { arrived, target } = state
  const call = callOf(state)
  // Who said no in an earlier step is asked again where this one asks for it by name.
  const refused = call.refused.filter((user) => !plan.users.includes(user))
  const waiting: Waiting = { phase: 'waiting', target, plan, ...call, refused }
  // Who is out for good in an earlier step stays out, unless this step asks for it by name.
  const news = arrived.filter(
    (a) =>
      plan.destinations.some((d) => reaches(d, a)) ||
      (!refused.includes(a.user) && knownAs(call, a)?.over?.final !== true),
  )
  const ringing = andThen(arm(waiting, 'hold', plan.ringMs), (s) =>
    forEach(s, withArrivals(plan.destinations, news), (t, d) => attempt(t, d, plan)),
  )
  return andThen<Waiting, State>(ringing, moveOnIfExhausted)
}
