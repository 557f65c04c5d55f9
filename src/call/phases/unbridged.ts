import { cancelled, ending, hungUp } from '../ending.js'
import type { CallEvent } from '../event.js'
import { end } from '../finish.js'
import { withoutLeg } from '../legs.js'
import { primarySaid } from '../primary.js'
import type { Accepted, Connecting, Expecting, Performing, Routing, Step, Waiting } from '../state.js'
import { stay } from '../step.js'

type Unbridged = Routing | Performing | Waiting | Accepted | Expecting | Connecting
type Event = Extract<
  CallEvent,
  {
    type:
      | 'caller-cancelled'
      | 'caller-answered'
      | 'hold-failed'
      | 'leg-closed'
      | 'media-lost'
      | 'drained'
      | 'primary-rejected'
      | 'primary-answered'
      | 'primary-ended'
      | 'primary-failed'
  }
>

/** What means the same in each phase before the call is bridged: what becomes of its caller, and of the server. */
export function whileUnbridged(state: Unbridged, event: Event): Step {
  switch (event.type) {
    case 'caller-cancelled':
      // It comes too late for an INVITE that has its final answer (RFC 3261 §9.2).
      return isOwedAnswer(state) ? end(state, cancelled(event.reason), 'closed') : stay(state)
    case 'caller-answered':
      return stay(open(state))
    case 'hold-failed':
      // A provisional that the 200 has overtaken is missed by nobody.
      if (!isOwedAnswer(state)) return stay(state)
      return end(state, event.ending, state.caller === 'answering' ? 'pending' : state.caller)
    case 'leg-closed':
      return event.leg === 'caller' ? callerHungUp(state, event.reason) : stay(withoutLeg(state, event.leg))
    case 'media-lost':
      return end(state, ending('engine-lost', 'server', { detail: 'the media engine was lost' }))
    case 'drained':
      return end(state, ending('drained', 'server'))
    case 'primary-rejected':
    case 'primary-answered':
    case 'primary-ended':
    case 'primary-failed':
      return primarySaid(state, event)
    default:
      return event satisfies never
  }
}

/** Its 200, which was sent ahead of any device, is with the caller. */
export function open<S extends Unbridged>(state: S): S {
  return state.caller === 'answering' ? { ...state, caller: 'open' } : state
}

/** Its INVITE is here, and has no final answer that was heard of. */
function isOwedAnswer({ caller }: Unbridged): boolean {
  return caller !== 'open' && caller !== 'expected'
}

/** Who hangs up has had its 200, though that may not have been heard yet. */
function callerHungUp(state: Unbridged, reason: string | undefined): Step {
  if (state.caller === 'expected') return stay(state)
  // For a phone that only rang this is a call that it missed.
  const status = state.phase === 'connecting' ? 200 : 487
  return end({ ...state, caller: 'open' }, hungUp('caller', reason, status), 'closed')
}
