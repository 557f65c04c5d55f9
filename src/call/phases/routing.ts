import { attempt, legFailed, pushDelivered, pushRefused } from '../attempts.js'
import { reaches } from '../destination.js'
import { cancelled, ending } from '../ending.js'
import type { CallEvent } from '../event.js'
import { end } from '../finish.js'
import { signalingLost } from '../lost.js'
import { moveOnIfExhausted } from '../move-on.js'
import { type Plan, withArrivals } from '../plan.js'
import { reassure, startReassuring } from '../reassure.js'
import type { Routing, State, Step, Waiting } from '../state.js'
import { arm, forEach, stay, step, andThen } from '../step.js'
import { win } from '../win.js'

/** A target is being resolved. Between two targets, dials of the one before may still be closing. */
export function whileRouting(state: Routing, event: CallEvent): Step {
  switch (event.type) {
    case 'routed':
      return andThen(ring(state, event.plan), holdOnce)
    case 'route-failed':
    case 'hold-failed':
      return end(state, event.ending)
    case 'registered': {
      const { user, device, contact } = event
      return stay({ ...state, arrived: [...state.arrived, { user, device, contact }] })
    }
    case 'caller-cancelled':
      return end({ ...state, caller: 'closed' }, cancelled(event.reason))
    case 'dial-answered':
      return state.legs.some((l) => l.id === event.dial) ? win(state, event.dial) : stay(state)
    case 'dial-failed':
      return legFailed(state, event.dial, event.status)
    case 'push-delivered':
      return pushDelivered(state, event.attempt)
    case 'push-refused':
      return pushRefused(state, event.attempt)
    case 'timer':
      return reassure(state, event.id)
    case 'signaling-lost':
      return signalingLost(state, event.legs)
    case 'media-lost':
      return end(state, ending('engine-lost', 'server', { detail: 'the media engine was lost' }))
    case 'drained':
      return end(state, ending('drained', 'server'))
    case 'invited':
    case 'accepted':
    case 'declined':
    case 'leg-arrived':
    case 'caller-answered':
    case 'held':
    case 'dial-progressed':
    case 'connected':
    case 'connect-failed':
    case 'leg-closed':
    case 'media-timeout':
      return stay(state)
    default:
      return event satisfies never
  }
}

/** The caller is held once, at the first target that has somebody to wait for, and reassured from then on. */
function holdOnce(state: State): Step {
  if (state.phase !== 'waiting' || state.timers.has('reassure')) return stay(state)
  return andThen(step(state, { type: 'hold', style: state.hold }), startReassuring)
}

function ring({ target: _, arrived, ...call }: Routing, plan: Plan): Step {
  const waiting: Waiting = { ...call, phase: 'waiting', plan }
  // Who is out for good in an earlier step stays out, unless this step asks for it by name.
  const news = arrived.filter(
    (a) =>
      plan.destinations.some((d) => reaches(d, a)) ||
      call.attempts.findLast((t) => reaches(t.destination, a))?.over?.final !== true,
  )
  const ringing = andThen(arm(waiting, 'hold', plan.ringMs), (s) =>
    forEach(s, withArrivals(plan.destinations, news), (t, d) => attempt(t, d, plan.graceMs)),
  )
  return andThen<Waiting, State>(ringing, moveOnIfExhausted)
}
