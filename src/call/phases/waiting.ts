import { legFailed, pushDelivered, pushRefused, registered, setLeg, wake } from '../attempts.js'
import { cancelled, ending, endingOfStatus } from '../ending.js'
import type { CallEvent } from '../event.js'
import { end } from '../finish.js'
import { signalingLost } from '../lost.js'
import { moveOnAfterDeadline, moveOnIfExhausted } from '../move-on.js'
import { reassure } from '../reassure.js'
import type { AttemptId, DialId, TimerId } from '../ids.js'
import type { State, Step, Waiting } from '../state.js'
import { disarm, fired, stay, step, andThen } from '../step.js'
import { win } from '../win.js'

/** Hold, wake and dial, all at once. Exits: an answer, the deadline, everybody out, the caller gone, an engine lost. */
export function whileWaiting(state: Waiting, event: CallEvent): Step {
  switch (event.type) {
    case 'hold-failed':
      return end(state, event.ending)
    case 'caller-cancelled':
      return end({ ...state, caller: 'closed' }, cancelled(event.reason))
    case 'registered':
      return registered(state, event, state.plan.graceMs)
    case 'push-delivered':
      return pushDelivered(state, event.attempt)
    case 'push-refused':
      return andThen<Waiting, State>(pushRefused(state, event.attempt), moveOnIfExhausted)
    case 'dial-progressed':
      return progressed(state, event.dial, event.status)
    case 'dial-answered':
      return state.legs.some((l) => l.id === event.dial) ? win(state, event.dial) : stay(state)
    case 'dial-failed':
      return failed(state, event.dial, event.status, event.reason)
    case 'timer':
      return timer(state, event.id)
    case 'signaling-lost':
      return andThen<State, State>(signalingLost(state, event.legs), (s) =>
        s.phase === 'waiting' ? moveOnIfExhausted(s) : stay(s),
      )
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
    case 'connected':
    case 'connect-failed':
    case 'leg-closed':
    case 'media-timeout':
      return stay(state)
    default:
      return event satisfies never
  }
}

/** A sign of life ends the grace: the phone is awake. 180 and 183 mean that it rings. */
function progressed(state: Waiting, id: DialId, status: number): Step {
  const dialled = state.legs.find((l) => l.id === id)
  if (dialled === undefined || dialled.phase === 'closing') return stay(state)
  const awake = andThen(stay(setLeg(state, id, 'progressing')), (s) => disarm(s, `grace:${dialled.attempt}`))
  const rings = status === 180 || status === 183
  if (!rings || state.alerted) return awake
  const alerted = andThen(awake, (s) => stay({ ...s, alerted: true }))
  return state.hold === 'queued' ? andThen(alerted, (s) => step(s, { type: 'alert-caller' })) : alerted
}

/** 6xx is the user's word for all of its phones (RFC 3261 §21.6). */
function failed(state: Waiting, id: DialId, status: number, reason: string | undefined): Step {
  const dialled = state.legs.find((l) => l.id === id)
  const current = state.attempts.some((a) => a.leg === id)
  const settled = legFailed(state, id, status)
  if (dialled === undefined || !current || status < 600) {
    return andThen<Waiting, State>(settled, moveOnIfExhausted)
  }
  const more = reason === undefined ? {} : { reason }
  return andThen<Waiting, State>(settled, (s) => end(s, endingOfStatus(status, 'callee', more)))
}

function timer(state: Waiting, id: TimerId): Step {
  const due = fired(state, id)
  if (due === undefined) return stay(state)
  if (due.name === 'hold') return moveOnAfterDeadline(due.state)
  if (due.name === 'reassure') return reassure(state, id)
  if (due.name.startsWith('grace:')) {
    return andThen<Waiting, State>(
      wake(due.state, due.name.slice('grace:'.length) as AttemptId),
      moveOnIfExhausted,
    )
  }
  return stay(due.state)
}
