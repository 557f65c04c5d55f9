import { legFailed, withoutLeg } from '../attempts.js'
import { cancelled, ending, hungUp } from '../ending.js'
import type { CallEvent } from '../event.js'
import { end } from '../finish.js'
import { signalingLost } from '../lost.js'
import type { TimerId } from '../ids.js'
import type { Bridged, Connecting, Step } from '../state.js'
import { disarm, fired, stay, andThen } from '../step.js'
import { hangUpLate } from '../late.js'

/** A device answered; its leg and the caller's are being joined, and the caller's 200 is on its way. */
export function whileConnecting(state: Connecting, event: CallEvent): Step {
  switch (event.type) {
    case 'connected':
      return andThen(disarm(state, 'connect'), (s) =>
        stay<Bridged>({ ...s, phase: 'bridged', caller: 'open' }),
      )
    case 'connect-failed':
      return end({ ...state, caller: 'pending' }, event.ending)
    case 'caller-cancelled':
      return end({ ...state, caller: 'closed' }, cancelled(event.reason))
    case 'hold-failed':
      return end(state, event.ending)
    case 'leg-closed':
      // A caller that hangs up at once may be heard before it is heard that its 200 went out.
      if (event.leg === 'caller')
        return end({ ...state, caller: 'closed' }, hungUp('caller', event.reason, 200))
      return event.leg === state.winner
        ? end(withoutLeg(state, state.winner), hungUp('callee', event.reason, 480))
        : stay(withoutLeg(state, event.leg))
    case 'dial-failed':
      return legFailed(state, event.dial, event.status)
    case 'dial-answered':
      return hangUpLate(state, event.dial)
    case 'timer':
      return timer(state, event.id)
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
    case 'routed':
    case 'route-failed':
    case 'held':
    case 'registered':
    case 'push-delivered':
    case 'push-refused':
    case 'dial-progressed':
    case 'media-timeout':
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
