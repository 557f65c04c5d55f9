import { describe, expect, test } from 'vitest'
import type { CallEventType } from '../../src/call/event.js'
import type { DialId } from '../../src/call/ids.js'
import type { State } from '../../src/call/state.js'
import { transition } from '../../src/call/transition.js'
import { endingOfStatus } from '../../src/call/ending.js'
import { SCENARIOS } from './scenarios/all.js'
import { NEXT_STEP } from './scenarios/happenings.js'
import * as it from './scenarios/happenings.js'
import { TAKEN } from './scenarios/expecting.js'
import { ANSWERED, TALKING } from './scenarios/joined.js'
import { CANCELLED } from './scenarios/ended.js'
import { play, prepare } from './scenarios/scenario.js'
import { app, desk, OUTSIDE } from './vocabulary.js'

describe.each(Object.entries(SCENARIOS))('while %s', (phase, scenarios) => {
  test.each(scenarios)('$title', (scenario) => {
    expect(prepare(scenario.given, transition).state.phase).toBe(phase)
    play(scenario, transition)
  })
})

test.each([
  [404, 'not-found'],
  [480, 'no-answer'],
  [486, 'busy'],
  [488, 'not-acceptable'],
  [600, 'busy'],
  [603, 'declined'],
  [606, 'not-acceptable'],
  [607, 'declined'],
  [302, 'failed'],
  [503, 'failed'],
])('a destination that answers %i ends the call as %s', (status, cause) => {
  expect(endingOfStatus(status, 'callee')).toEqual({ cause, by: 'callee', status })
})

/** Something of each kind that can be told to a call, whoever takes part in it. */
const EVENTS: Readonly<Record<CallEventType, readonly it.Happening[]>> = {
  invited: [it.invited('queued')],
  reported: [it.reported()],
  forwarded: [it.forwarded],
  'primary-rejected': [it.cell('rejected')],
  'primary-answered': [it.cell('answered')],
  'primary-ended': [it.cell('ended')],
  'primary-failed': [it.cell('failed')],
  routed: [
    it.found([]),
    it.found([app('alice', 1), app('tablet', null), desk('desk', 9), OUTSIDE], it.thenBob),
  ],
  'route-failed': [it.notFound],
  deliberating: [it.deliberates],
  directed: [it.directed(), it.directed({ answer: false })],
  performed: ['p2', 'p4', 'p999'].map((performance) => () => ({
    type: 'performed',
    performance: performance as 'p2',
  })),
  held: [it.held],
  'hold-failed': [it.notHeld],
  'caller-cancelled': [it.callerCancels(), it.callerCancels('SIP;cause=200')],
  'caller-answered': [() => ({ type: 'caller-answered' })],
  accepted: ['a2', 'a999'].map((attempt) => () => ({ type: 'accepted', attempt: attempt as 'a2' })),
  declined: ['a2', 'a999'].map((attempt) => () => ({
    type: 'declined',
    attempt: attempt as 'a2',
    status: 603,
  })),
  'leg-arrived': ['a2', 'a999'].map((attempt) => () => ({
    type: 'leg-arrived',
    leg: 'i1',
    attempt: attempt as 'a2',
  })),
  'push-delivered': [
    () => ({ type: 'push-delivered', attempt: 'a2' }),
    () => ({ type: 'push-delivered', attempt: 'a999' }),
  ],
  'push-refused': ['a2', 'a999'].map((attempt) => () => ({
    type: 'push-refused',
    attempt: attempt as 'a2',
    gone: true,
    detail: '410',
  })),
  registered: [
    it.registers('alice', 7),
    it.registers('new', 8, { wakeable: false }),
    it.deskRegisters('desk', 9),
  ],
  'dial-progressed': ofDials((dial) => ({ type: 'dial-progressed', dial, status: 180 })),
  'dial-answered': ofDials((dial) => ({ type: 'dial-answered', dial })),
  'dial-failed': [487, 408, 603].flatMap((status) =>
    ofDials((dial) => ({ type: 'dial-failed', dial, status })),
  ),
  connected: [it.joined],
  'connect-failed': [it.notJoined],
  'leg-closed': [it.hangsUp('caller'), ...ofDials((leg) => ({ type: 'leg-closed', leg }))],
  'media-timeout': [it.noMedia],
  timer: [
    'hold',
    'second-response',
    'reassure',
    'forward',
    'farewell',
    'connect',
    'settle',
    'perform',
    'grace:a2',
    'x',
  ].map((name) => (cast) => ({
    type: 'timer',
    id:
      'timers' in cast.state
        ? ([...cast.state.timers.values()].find((id) => id.startsWith(name)) ?? name)
        : name,
  })),
  'signaling-lost': [
    it.gatewayLost(),
    it.gatewayLost('caller'),
    ...ofDials((leg) => ({ type: 'signaling-lost', legs: [leg] })),
  ],
  'media-lost': [it.mediaLost],
  drained: [it.drained],
}

/** Told of each dial that the call has, and of one that it has not. */
function ofDials(event: (dial: `d${number}`) => ReturnType<it.Happening>): it.Happening[] {
  const nth =
    (n: number): it.Happening =>
    (cast) =>
      event('legs' in cast.state ? ((cast.state.legs[n]?.id as DialId | undefined) ?? 'd999') : 'd999')
  return [nth(0), nth(1), nth(2), () => event('d999')]
}

const WAITING = [it.invited('queued'), it.found([app('alice', 1), app('tablet', null), desk('desk', 9)])]
const RELEASED = [...CANCELLED, it.fails('alice', 487)]

const PHASES: Readonly<Record<string, readonly it.Happening[]>> = {
  'before its INVITE': [],
  'whose number is looked up': [it.invited()],
  'that waits': WAITING,
  'that waits while a phone rings': [...WAITING, it.rings('alice'), it.pushTaken('tablet')],
  'between two targets': [it.invited(), it.found([app('alice', 1)], it.thenBob), it.timeIsUp('hold')],
  'whose caller is answered to hear something': [it.invited(), it.directed()],
  'whose caller hears something': [it.invited(), it.directed(), it.callerAnswered],
  'whose instructions are asked again': [it.invited(), it.directed(), it.callerAnswered, it.performed()],
  'that goes on after its bridge': [
    ...[
      it.invited(),
      it.found([app('alice', 1), app('tablet', 2)], undefined, ['alice'], { goesOn: NEXT_STEP }),
    ],
    ...[it.answers('alice'), it.joined],
  ],
  'that was accepted': [...WAITING, it.accepts('tablet')],
  'that was accepted and answered early': [
    it.invited('queued', 'answer'),
    WAITING[1] as it.Happening,
    it.accepts('tablet'),
  ],
  'whose caller is expected': [it.reported(), WAITING[1] as it.Happening],
  'whose caller is expected, and whose cell phone has rejected it': [
    ...[it.reported('accepted'), WAITING[1] as it.Happening, it.cell('rejected')],
  ],
  'that was accepted before its caller is there': [
    ...[it.reported('accepted'), WAITING[1] as it.Happening, it.accepts('tablet')],
  ],
  'that was answered before its caller is there': TAKEN,
  'whose caller has not come': [...TAKEN, it.timeIsUp('forward')],
  'that is being joined': ANSWERED,
  'that is bridged': TALKING,
  'that was bridged before the losers have closed': [...ANSWERED, it.joined],
  'that has ended and closes': [...TALKING, it.noMedia],
  'that has ended while its caller was being answered': [...ANSWERED, it.drained],
  'that is over': RELEASED,
}

describe.each(Object.entries(PHASES))('a call %s', (_, given) => {
  const cast = prepare(given, transition)
  const { state } = cast

  test.each(Object.entries(EVENTS))('takes %s whenever it comes', (_type, happenings) => {
    for (const happening of happenings) {
      const event = happening(cast)
      const after = transition(state, event)
      expect(after.effects).toBeInstanceOf(Array)
      const goesOn = state.phase === 'bridged' && after.state.phase === 'routing'
      if (!goesOn) expect(steps(after.state)).toBeGreaterThanOrEqual(steps(state))
      // The state that was given is a value: nobody else may see it change.
      expect(transition(state, event)).toEqual(after)
    }
  })
})

/** A call never goes back, but to the look-up of its next target, from a bridge too. */
function steps(state: State): number {
  return {
    new: 0,
    routing: 1,
    performing: 1,
    waiting: 1,
    accepted: 1,
    expecting: 2,
    connecting: 3,
    bridged: 4,
    ended: 5,
  }[state.phase]
}
