import { legFailed } from '../attempts.js'
import { ending, hungUp } from '../ending.js'
import type { CallEvent } from '../event.js'
import { end } from '../finish.js'
import type { TimerId } from '../ids.js'
import { hangUpLate, turnAway, withoutLeg } from '../legs.js'
import { signalingLost } from '../lost.js'
import { arrive } from '../primary.js'
import type { Expecting, Step } from '../state.js'
import { arm, fired, stay, step, andThen } from '../step.js'
import { connect } from '../win.js'
import { whileUnbridged } from './unbridged.js'

/** Long enough for the announcement to be heard. */
const FAREWELL_MS = 5_000

/** A device has the call and hears comfort audio: its caller is awaited. Exits: its INVITE, its absence, a word of the cell phone, the device gone, an engine lost. */
export function whileExpecting(state: Expecting, event: CallEvent): Step {
  switch (event.type) {
    case 'forwarded':
      return andThen(arrive(state), connect)
    case 'timer':
      return timer(state, event.id)
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
    case 'signaling-lost':
      return signalingLost(state, event.legs)
    case 'caller-cancelled':
    case 'caller-answered':
    case 'hold-failed':
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
    case 'routed':
    case 'route-failed':
    case 'held':
    case 'registered':
    case 'push-delivered':
    case 'push-refused':
    case 'dial-progressed':
    case 'connected':
    case 'connect-failed':
    case 'media-timeout':
    case 'deliberating':
    case 'directed':
    case 'performed':
      return stay(state)
    default:
      return event satisfies never
  }
}

function timer(state: Expecting, id: TimerId): Step {
  const due = fired(state, id)
  if (due === undefined) return stay(state)
  // An INVITE that comes while the device hears so is welcome still.
  if (due.name === 'forward') {
    return andThen(step(due.state, { type: 'announce', leg: state.winner }), (s) =>
      arm(s, 'farewell', FAREWELL_MS),
    )
  }
  return end(due.state, ending('not-forwarded', 'server'))
}
