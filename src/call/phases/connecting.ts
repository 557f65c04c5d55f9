import { legFailed } from '../attempts.js'
import { ending, hungUp } from '../ending.js'
import type { CallEvent } from '../event.js'
import { end } from '../finish.js'
import { hangUpLate, turnAway, withoutLeg } from '../legs.js'
import { signalingLost } from '../lost.js'
import type { TimerId } from '../ids.js'
import type { Bridged, Connecting, Step } from '../state.js'
import { disarm, fired, stay, andThen } from '../step.js'
import { whileUnbridged } from './unbridged.js'

/** A device answered; its leg and the caller's are being joined, and the caller's 200 is on its way, if not sent before. */
export function whileConnecting(state: Connecting, event: CallEvent): Step {
  switch (event.type) {
    case 'connected':
      return andThen(disarm(state, 'connect'), (s) =>
        stay<Bridged>({ ...s, phase: 'bridged', caller: 'open', ringback: false }),
      )
    case 'connect-failed':
      return end(state, event.ending, state.caller === 'joining' ? 'pending' : state.caller)
    case 'leg-closed':
      return event.leg === state.winner
        ? end(withoutLeg(state, state.winner), hungUp('callee', event.reason, 480))
        : whileUnbridged(state, event)
    case 'leg-arrived':
      return turnAway(state, event)
    case 'dial-failed':
      return legFailed(state, event.dial, event.status)
    case 'dial-answered':
      return hangUpLate(state, event.dial)
    case 'timer':
      return timer(state, event.id)
    case 'signaling-lost':
      return signalingLost(state, event.legs)
    case 'caller-cancelled':
    case 'caller-answered':
    case 'hold-failed':
    case 'media-lost':
    case 'drained':
      return whileUnbridged(state, event)
    case 'invited':
    case 'reported':
    case 'forwarded':
    case 'primary-rejected':
    case 'primary-answered':
    case 'primary-ended':
    case 'primary-failed':
    case 'accepted':
    case 'declined':
    case 'routed':
    case 'route-failed':
    case 'held':
    case 'registered':
    case 'push-delivered':
    case 'push-refused':
    case 'dial-progressed':
    case 'media-timeout':
    case 'deliberating':
    case 'directed':
    case 'performed':
      return stay(state)
    default:
      return event satisfies never
  }
}

function timer(state: Connecting, id: TimerId): Step {
  const due = fired(state, id)
  if (due === undefined) return stay(state)
  if (due.name !== 'connect') return stay(due.state)
  return end(due.state, ending('connect-failed', 'server', { detail: 'joining the legs took too long' }))
}
