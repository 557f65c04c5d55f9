import { legFailed, pass } from '../attempts.js'
import { ending, hungUp } from '../ending.js'
import type { CallEvent } from '../event.js'
import { end } from '../finish.js'
import { hangUpLate, turnAway, withoutLeg } from '../legs.js'
import { signalingLost } from '../lost.js'
import { routeOn } from '../move-on.js'
import type { Bridged, Step } from '../state.js'
import { stay } from '../step.js'

/** The two sides talk. Exits: a BYE of either, after which the caller may go on, no media, an engine lost, the server going down. */
export function whileBridged(state: Bridged, event: CallEvent): Step {
  switch (event.type) {
    case 'leg-closed':
      if (event.leg === 'caller') return end(state, hungUp('caller', event.reason, 200), 'closed')
      if (event.leg === state.winner) {
        return calleeHungUp(state, event.reason)
      }
      return stay(withoutLeg(state, event.leg))
    case 'leg-arrived':
      return turnAway(state, event)
    case 'dial-failed':
      return legFailed(state, event.dial, event.status)
    case 'dial-answered':
      return hangUpLate(state, event.dial)
    case 'media-timeout':
      return end(state, ending('media-timeout', 'server'))
    case 'signaling-lost':
      return signalingLost(state, event.legs)
    case 'media-lost':
      return end(state, ending('engine-lost', 'server', { status: 200, detail: 'the media engine was lost' }))
    case 'drained':
      return end(state, ending('drained', 'server', { status: 200 }))
    case 'invited':
    case 'reported':
    case 'forwarded':
    case 'primary-rejected':
    case 'primary-answered':
    case 'primary-ended':
    case 'primary-failed':
    case 'accepted':
    case 'declined':
    case 'caller-answered':
    case 'routed':
    case 'route-failed':
    case 'held':
    case 'hold-failed':
    case 'caller-cancelled':
    case 'registered':
    case 'push-delivered':
    case 'push-refused':
    case 'dial-progressed':
    case 'connected':
    case 'connect-failed':
    case 'timer':
    case 'deliberating':
    case 'directed':
    case 'performed':
      return stay(state)
    default:
      return event satisfies never
  }
}

/** The caller stays where there is more for it. */
function calleeHungUp(state: Bridged, reason: string | undefined): Step {
  const how = hungUp('callee', reason, 200)
  const had = state.legs.find((l) => l.id === state.winner)?.attempt
  const goesOn = state.attempts.find((a) => a.id === had)?.goesOn ?? null
  const alone = withoutLeg(state, state.winner)
  return goesOn === null ? end(alone, how) : routeOn(pass(alone), goesOn, how)
}
