import type { CallEvent } from './event.js'
import { cancelled, ending } from './ending.js'
import { end } from './finish.js'
import type {
  Accepted,
  Attempt,
  Call,
  Connecting,
  Expecting,
  Performing,
  Primary,
  Routing,
  State,
  Step,
  Waiting,
} from './state.js'
import { arm, disarm, stay, step, andThen } from './step.js'

/** A call whose caller may be expected. */
type Open = Routing | Waiting | Accepted | Expecting
type Unbridged = Open | Performing | Connecting
type Word = Extract<
  CallEvent,
  { type: 'primary-rejected' | 'primary-answered' | 'primary-ended' | 'primary-failed' }
>

/** What the cell phone says of its call. Once the caller is with us, that call is gone. */
export function primarySaid(state: Unbridged, { type }: Word): Step {
  const primary = atThePhone(state)
  if (primary === null) return stay(state)
  switch (type) {
    case 'primary-answered':
      return end(state, ending('answered-on-primary', 'callee'))
    case 'primary-failed':
      return end(state, ending('failed', 'callee', { detail: 'the cell phone could not reject its call' }))
    case 'primary-ended':
      // A call that was rejected is gone from the phone, and on its way to us.
      return isForwardDue(primary) ? stay(state) : end(state, cancelled(undefined))
    case 'primary-rejected': {
      const rejected = { ...state, primary: { ...primary, phone: 'rejected' as const } }
      return isForwardDue(primary) ? stay(rejected) : arm(rejected, 'forward', primary.patienceMs)
    }
    default:
      return type satisfies never
  }
}

/** The expected caller is here: it is held, or joined, as the phase says. */
export function arrive<S extends Open>(state: S): Step<S> {
  return disarm({ ...state, caller: 'pending' }, 'forward')
}

/** Tells the cell phone to reject its call, once, as soon as somebody else is ready for it. */
export function instructWhenReady(state: State): Step {
  switch (state.phase) {
    case 'waiting':
      return state.primary?.instruct === 'notified' && isReady(state) ? instruct(state) : stay(state)
    // Somebody took the call, and whoever else was asked is out of it.
    case 'accepted':
    case 'expecting':
      return instruct(state)
    case 'new':
    case 'routing':
    case 'performing':
    case 'connecting':
    case 'bridged':
    case 'ended':
      return stay(state)
    default:
      return state satisfies never
  }
}

function instruct(state: Waiting | Accepted | Expecting): Step {
  const primary = atThePhone(state)
  if (primary === null || isForwardDue(primary)) return stay(state)
  const instructed = { ...state, primary: { ...primary, instructed: true } }
  return andThen(step(instructed, { type: 'instruct-primary' }), (s) => arm(s, 'forward', primary.patienceMs))
}

/** The call of the cell phone, unless its caller has come to us. */
function atThePhone({ primary, caller }: Call): Primary | null {
  return caller === 'expected' ? primary : null
}

/** It was rejected there, or is about to be: the carrier forwards it. */
function isForwardDue({ instructed, phone }: Primary): boolean {
  return instructed || phone === 'rejected'
}

/** Everybody knows of the call who can, and somebody does. */
function isReady(state: Waiting): boolean {
  const racing = state.attempts.filter((a) => a.over === null)
  return (
    racing.every((a) => a.wake === 'given-up' || isNotified(state, a)) &&
    racing.some((a) => isNotified(state, a))
  )
}

/** Its push was taken, or its INVITE got an answer. A phone that is called on another flow now has no answer there. */
function isNotified({ legs }: Call, { wake, leg }: Attempt): boolean {
  return wake === 'delivered' || legs.some((l) => l.id === leg && l.phase === 'progressing')
}
