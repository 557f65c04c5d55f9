import type { CallEvent } from './event.js'
import { whileAccepted } from './phases/accepted.js'
import { whileBridged } from './phases/bridged.js'
import { whileExpecting } from './phases/expecting.js'
import { whileConnecting } from './phases/connecting.js'
import { afterTheEnd } from './phases/ended.js'
import { whilePerforming } from './phases/performing.js'
import { whileRouting } from './phases/routing.js'
import { whileWaiting } from './phases/waiting.js'
import { instructWhenReady } from './primary.js'
import type { Call, New, Primary, Routing, State, Step } from './state.js'
import { andThen, stay, step } from './step.js'

/** What an event does to a call. Pure and total: an event that means nothing in a phase changes nothing. */
export function transition(state: State, event: CallEvent): Step {
  return andThen(inPhase(state, event), instructWhenReady)
}

function inPhase(state: State, event: CallEvent): Step {
  switch (state.phase) {
    case 'new':
      return begin(state, event)
    case 'routing':
      return whileRouting(state, event)
    case 'performing':
      return whilePerforming(state, event)
    case 'waiting':
      return whileWaiting(state, event)
    case 'accepted':
      return whileAccepted(state, event)
    case 'expecting':
      return whileExpecting(state, event)
    case 'connecting':
      return whileConnecting(state, event)
    case 'bridged':
      return whileBridged(state, event)
    case 'ended':
      return afterTheEnd(state, event)
    default:
      return state satisfies never
  }
}

function begin(state: New, event: CallEvent): Step {
  switch (event.type) {
    case 'invited':
      return route(event, 'pending', null)
    case 'reported': {
      const { instruct, patienceMs } = event
      return route(event, 'expected', { instruct, patienceMs, instructed: false, phone: 'ringing' })
    }
    default:
      return stay(state)
  }
}

type First = Extract<CallEvent, { type: 'invited' | 'reported' }>

function route(event: First, caller: Call['caller'], primary: Primary | null): Step<Routing> {
  const routing: Routing = {
    phase: 'routing',
    target: event.target,
    arrived: [],
    deliberating: false,
    caller,
    primary,
    hold: event.hold,
    accept: event.accept,
    attempts: [],
    legs: [],
    timers: [],
    provisional: null,
    ringback: false,
    alerted: false,
    acceptTold: false,
    refused: [],
    serial: 1,
    hops: 1,
  }
  return step(routing, { type: 'route', target: event.target, after: null })
}
