import { accept } from '../accept.js'
import { legFailed, maySpeak, pushDelivered, pushRefused, registered, wake } from '../attempts.js'
import type { CallEvent } from '../event.js'
import { callerTimer, greet, held, ringBack } from '../hold.js'
import { hangUpLate, mayWin, turnAway } from '../legs.js'
import { signalingLost } from '../lost.js'
import { moveOnAfterDeadline, moveOnIfExhausted } from '../move-on.js'
import { progressed } from '../progress.js'
import { arrive } from '../primary.js'
import { declined, refusal, refused } from '../refuse.js'
import type { AttemptId, DialId, TimerId } from '../ids.js'
import type { State, Step, Waiting } from '../state.js'
import { fired, stay, andThen } from '../step.js'
import { win, winByArriving } from '../win.js'
import { open, whileUnbridged } from './unbridged.js'

/** Hold, wake and dial, all at once. Exits: an answer, an accept, the deadline, everybody out, the caller gone, an engine lost. */
export function whileWaiting(state: Waiting, event: CallEvent): Step {
  switch (event.type) {
    case 'registered':
      return registered(state, event, state.plan)
    case 'push-delivered':
      return pushDelivered(state, event.attempt)
    case 'push-refused':
      return andThen<Waiting, State>(pushRefused(state, event.attempt), moveOnIfExhausted)
    case 'dial-progressed':
      return progressed(state, event.dial, event.status)
    case 'accepted':
      return accept(state, event.attempt)
    case 'declined':
      return maySpeak(state, event.attempt) ? declined(state, event) : stay(state)
    case 'leg-arrived':
      return maySpeak(state, event.attempt) ? winByArriving(state, event) : turnAway(state, event)
    case 'dial-answered':
      return mayWin(state, event.dial) ? win(state, event.dial) : hangUpLate(state, event.dial)
    case 'dial-failed':
      return failed(state, event.dial, event.status, event.reason)
    case 'timer':
      return timer(state, event.id)
    case 'forwarded':
      return state.caller === 'expected' ? andThen(arrive(state), greet) : stay(state)
    case 'held':
      return stay(held(state))
    case 'caller-answered':
      return ringBack(open(state))
    case 'signaling-lost':
      return andThen<State, State>(signalingLost(state, event.legs), (s) =>
        s.phase === 'waiting' ? moveOnIfExhausted(s) : stay(s),
      )
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
    case 'routed':
    case 'route-failed':
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

/** 6xx is the user's word for all of its phones (RFC 3261 §21.6). */
function failed(state: Waiting, id: DialId, status: number, reason: string | undefined): Step {
  const current = state.attempts.find((a) => a.leg === id)
  const settled = legFailed(state, id, status)
  return andThen<Waiting, State>(settled, (s) =>
    current === undefined || status < 600
      ? moveOnIfExhausted(s)
      : refused(s, current.id, refusal(status, reason)),
  )
}

function timer(state: Waiting, id: TimerId): Step {
  const due = fired(state, id)
  if (due === undefined) return stay(state)
  if (due.name === 'hold') return moveOnAfterDeadline(due.state)
  if (due.name.startsWith('grace:')) {
    return andThen<Waiting, State>(
      wake(due.state, due.name.slice('grace:'.length) as AttemptId),
      moveOnIfExhausted,
    )
  }
  return callerTimer(state, id)
}
