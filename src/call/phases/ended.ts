import type { CallEvent } from '../event.js'
import { abandon, hangUpCaller, rejectCaller, settle } from '../finish.js'
import { hangUpLate, turnAway, withoutLeg } from '../legs.js'
import { closeLost } from '../lost.js'
import type { TimerId } from '../ids.js'
import type { Ended, Step } from '../state.js'
import { fired, stay, andThen } from '../step.js'

/** The record is written; what is still open closes, and then the call is forgotten. */
export function afterTheEnd(state: Ended, event: CallEvent): Step {
  switch (event.type) {
    case 'dial-failed':
      return settle(withoutLeg(state, event.dial))
    case 'dial-answered':
      return hangUpLate(state, event.dial, state.reason)
    case 'leg-closed':
      return settle(event.leg === 'caller' ? { ...state, caller: 'closed' } : withoutLeg(state, event.leg))
    // The CANCEL came between the end and the 200 that was on its way (RFC 3261 §9.2).
    case 'caller-cancelled':
      return settle({ ...state, caller: 'closed' })
    // What became of a 200 that was on its way to the caller.
    case 'caller-answered':
      return state.caller === 'answering' ? hangUpCaller(state) : stay(state)
    case 'connected':
      return state.caller === 'joining' ? hangUpCaller(state) : stay(state)
    case 'hold-failed':
      return state.caller === 'answering' ? refuseCaller(state) : stay(state)
    case 'connect-failed':
      return state.caller === 'joining' ? refuseCaller(state) : stay(state)
    // Though nothing is awaited any more: its device would ring on.
    case 'leg-arrived':
      return turnAway(state, event, state.reason)
    case 'signaling-lost':
      return andThen(closeLost(state, event.legs), settle)
    case 'timer':
      return timer(state, event.id)
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
    case 'media-lost':
    case 'drained':
    case 'deliberating':
    case 'directed':
    case 'performed':
      return stay(state)
    default:
      return event satisfies never
  }
}

function refuseCaller(state: Ended): Step {
  return andThen(rejectCaller(state), settle)
}

function timer(state: Ended, id: TimerId): Step {
  const due = fired(state, id)
  if (due === undefined) return stay(state)
  return due.name === 'settle' ? abandon(due.state) : stay(due.state)
}
