import { tellCaller } from '../accept.js'
import { find, legFailed, renew } from '../attempts.js'
import { type Arrival, reaches } from '../destination.js'
import type { CallEvent } from '../event.js'
import { answer, callerTimer, held, hold } from '../hold.js'
import type { DialId, TimerId } from '../ids.js'
import { hangUpLate, turnAway } from '../legs.js'
import { signalingLost } from '../lost.js'
import { moveOn, moveOnUnconnected } from '../move-on.js'
import { progressed } from '../progress.js'
import { arrive } from '../primary.js'
import { declined, refusal, refused } from '../refuse.js'
import type { Accepted, State, Step } from '../state.js'
import { fired, stay, andThen } from '../step.js'
import { win, winByArriving } from '../win.js'
import { whileUnbridged } from './unbridged.js'

/**
 * A user accepted, and its device is awaited: it registers and answers our INVITE, or comes by itself. Exits: its leg,
 * its deadline, its refusal after all, the caller gone, an engine lost. What others of the call say comes too late.
 */
export function whileAccepted(state: Accepted, event: CallEvent): Step {
  switch (event.type) {
    case 'registered':
      return registered(state, event)
    case 'dial-progressed':
      return progressed(state, event.dial, event.status)
    case 'dial-answered':
      return answered(state, event.dial)
    case 'dial-failed':
      return andThen<Accepted, State>(legFailed(state, event.dial, event.status), (s) =>
        moveOnIfOut(s, event.reason),
      )
    case 'leg-arrived':
      return event.attempt === state.attempt ? winByArriving(state, event) : turnAway(state, event)
    case 'declined':
      return event.attempt === state.attempt ? declined(state, event) : stay(state)
    case 'timer':
      return timer(state, event.id)
    case 'forwarded':
      return state.caller === 'expected' ? andThen(arrive(state), hear) : stay(state)
    case 'held':
      return stay(held(state))
    case 'signaling-lost':
      return andThen<State, State>(signalingLost(state, event.legs), (s) =>
        s.phase === 'accepted' ? moveOnIfOut(s, undefined) : stay(s),
      )
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
    case 'routed':
    case 'route-failed':
    case 'accepted':
    case 'push-delivered':
    case 'push-refused':
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

/** Second response, its first half: the device that accepted is there, and gets its INVITE. */
function registered(state: Accepted, arrival: Arrival): Step {
  const awaited = find(state, state.attempt)
  return reaches(awaited.destination, arrival) ? renew(state, awaited, arrival) : stay(state)
}

/** The caller comes to a call that somebody has accepted. Where it is answered, no provisional comes before. */
function hear(state: Accepted): Step<Accepted> {
  const answered = state.plan.answerFirst || state.accept === 'answer'
  return andThen(answered ? answer(state) : hold(state), tellCaller)
}

function answered(state: Accepted, id: DialId): Step {
  const leg = state.legs.find((l) => l.id === id)
  return leg?.attempt === state.attempt ? win(state, id) : hangUpLate(state, id)
}

/** The device that accepted says no after all, or cannot be reached whatever is tried. */
function moveOnIfOut(state: Accepted, reason: string | undefined): Step {
  const { over } = find(state, state.attempt)
  if (over?.final !== true) return stay(state)
  const how = refusal(over.status, reason)
  return over.status >= 600 ? refused(state, state.attempt, how) : moveOn(state, how)
}

function timer(state: Accepted, id: TimerId): Step {
  const due = fired(state, id)
  if (due === undefined) return stay(state)
  return due.name === 'second-response' ? moveOnUnconnected(due.state) : callerTimer(state, id)
}
