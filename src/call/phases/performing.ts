import { legFailed } from '../attempts.js'
import type { CallEvent } from '../event.js'
import { hush } from '../finish.js'
import { callerTimer, held } from '../hold.js'
import type { TimerId } from '../ids.js'
import { hangUpLate, turnAway } from '../legs.js'
import { signalingLost } from '../lost.js'
import { routeOn } from '../move-on.js'
import { begin } from '../perform.js'
import type { Performing, State, Step } from '../state.js'
import { disarm, fired, stay, andThen } from '../step.js'
import { open, whileUnbridged } from './unbridged.js'

/**
 * The caller hears something, or dials. Exits: the end of that, its time, the caller gone, an engine lost, the server
 * going down. Nobody is called: whoever comes is turned away.
 */
export function whilePerforming(state: Performing, event: CallEvent): Step {
  switch (event.type) {
    case 'performed':
      return event.performance === state.begun ? goOn(state) : stay(state)
    case 'timer':
      return timer(state, event.id)
    case 'held':
      return begin(held(state))
    case 'caller-answered':
      return begin(open(state))
    case 'leg-arrived':
      return turnAway(state, event)
    case 'dial-failed':
      return legFailed(state, event.dial, event.status)
    case 'dial-answered':
      return hangUpLate(state, event.dial)
    case 'signaling-lost':
      return signalingLost(state, event.legs)
    case 'caller-cancelled':
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
    case 'forwarded':
    case 'routed':
    case 'route-failed':
    case 'deliberating':
    case 'directed':
    case 'registered':
    case 'push-delivered':
    case 'push-refused':
    case 'accepted':
    case 'declined':
    case 'dial-progressed':
    case 'connected':
    case 'connect-failed':
    case 'media-timeout':
      return stay(state)
    default:
      return event satisfies never
  }
}

function timer(state: Performing, id: TimerId): Step {
  const due = fired(state, id)
  if (due === undefined) return stay(state)
  return due.name === 'perform' ? andThen<Performing, State>(hush(due.state), goOn) : callerTimer(state, id)
}

function goOn(state: Performing): Step {
  return andThen<Performing, State>(disarm({ ...state, begun: null }, 'perform'), (s) =>
    routeOn(s, s.next, null),
  )
}
