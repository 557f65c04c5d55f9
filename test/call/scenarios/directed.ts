import { app } from '../vocabulary.js'
import * as it from './happenings.js'
import type { Scenario } from './scenario.js'

const STEP = it.NEXT_STEP
const thenAsked = { kind: 'target', target: STEP } as const
/** The caller was answered, has heard something, and its instructions are asked again. */
const HEARD = [it.invited('early-media'), it.directed(), it.callerAnswered, it.performed()]
/** The same, unanswered. */
const HEARD_EARLY = [...[it.invited('early-media'), it.directed({ answer: false }), it.held, it.performed()]]
const OF_ALICE = [['alice'], { goesOn: STEP, answerFirst: false }] as const
/** Alice is rung by instructions, which are asked again afterwards. */
export const RINGING = [...HEARD, it.found([app('alice', 1), app('tablet', 2)], thenAsked, ...OF_ALICE)]
/** Alice and the caller talk, and the tablet's CANCEL is on its way. */
export const TALKING = [...RINGING, it.answers('alice'), it.joined]
const FIRST = { answerFirst: true } as const
export const ANSWER_FIRST = it.found([app('alice', 1)], it.thenBob, ['alice'], FIRST)
export const CALLS_IN = it.found([app('alice', 1, { callsIn: true })])
/** Alice accepted, the caller heard so, and she did not come. */
export const MISSED = [
  it.invited('early-media'),
  it.found([app('alice', null)], it.thenBob),
  it.accepts('alice'),
  it.timeIsUp('second-response'),
]

const deliberating: readonly Scenario[] = [
  {
    title: 'the caller is held while its instructions are asked for',
    given: [it.invited('early-media')],
    when: it.deliberates,
    then: ['hold the caller: early-media'],
    becomes: 'routing',
  },
  {
    title: 'the caller is held once, however often its instructions are asked for',
    given: [it.invited(), it.deliberates],
    when: it.deliberates,
    then: [],
    becomes: 'routing',
  },
  {
    title: 'a caller that was held while its instructions were asked for is not held again',
    given: [it.invited(), it.deliberates],
    when: it.found([app('alice', 1)]),
    then: ['INVITE alice on flow 1'],
    becomes: 'waiting',
  },
  {
    title: 'an answered caller needs no provisional while its instructions are asked for',
    given: HEARD,
    when: it.deliberates,
    then: [],
    becomes: 'routing',
  },
  {
    title: 'a caller that is expected still is held once it is there',
    given: [it.reported(), it.deliberates],
    when: it.forwarded,
    then: ['hold the caller: ringing'],
    becomes: 'routing',
  },
  {
    title: 'nobody is held for a caller that is expected still',
    given: [it.reported()],
    when: it.deliberates,
    then: [],
    becomes: 'routing',
  },
  {
    title: 'an unanswered caller hears its provisional again while its instructions are asked for',
    given: [it.invited(), it.deliberates],
    when: it.timeIsUp('reassure'),
    then: ['repeat the provisional'],
    becomes: 'routing',
  },
]

const directing: readonly Scenario[] = [
  {
    title: 'the caller is answered to hear something',
    given: [it.invited()],
    when: it.directed(),
    then: ['200 to the caller, ahead of a device'],
    becomes: 'performing',
  },
  {
    title: 'the caller gets early media to hear something unanswered, whatever its trunk does otherwise',
    given: [it.invited('ringing')],
    when: it.directed({ answer: false }),
    then: ['hold the caller: early-media'],
    becomes: 'performing',
  },
  {
    title: 'the caller has its early media, and hears something at once',
    given: [it.invited('early-media'), it.deliberates, it.held],
    when: it.directed({ answer: false }),
    then: ['perform: play welcome.wav'],
    becomes: 'performing',
  },
  {
    title: 'the caller has a provisional without audio, and gets early media',
    given: [it.invited('queued'), it.deliberates, it.held],
    when: it.directed({ answer: false }),
    then: ['hold the caller: early-media'],
    becomes: 'performing',
  },
  {
    title: 'the early media of the caller is on its way',
    given: [it.invited('early-media'), it.deliberates],
    when: it.directed({ answer: false }),
    then: [],
    becomes: 'performing',
  },
  {
    title: 'the caller was answered before, and hears something at once',
    given: HEARD,
    when: it.directed({ performance: { kind: 'pause', ms: 500 } }),
    then: ['perform: pause 500 ms'],
    becomes: 'performing',
  },
  {
    title: 'the caller is to dial digits',
    given: HEARD,
    when: it.directed({
      performance: {
        ...{ kind: 'gather', prompts: [], times: 1, maxDigits: 4, finishOn: '#', timeoutMs: 5_000 },
      },
    }),
    then: ['perform: gather 4 digits'],
    becomes: 'performing',
  },
  {
    title: 'the caller got its early media after an accept, and hears something at once',
    given: [
      ...[it.invited('early-media'), it.found([app('alice', null)], thenAsked), it.accepts('alice')],
      ...[it.held, it.timeIsUp('second-response')],
    ],
    when: it.directed({ answer: false }),
    then: ['perform: play welcome.wav'],
    becomes: 'performing',
  },
  {
    title: 'the caller that did not get its answer in time is not answered again',
    given: [it.invited(), it.directed(), it.timeIsUp('perform')],
    when: it.directed(),
    then: [],
    becomes: 'performing',
  },
  {
    title: 'a caller that is expected still can hear nothing, and the call ends',
    given: [it.reported()],
    when: it.directed(),
    then: ['ended: no-answer by server 480', 'released'],
    becomes: 'ended',
  },
  {
    title: 'an answered caller is hung up where its instructions say so',
    given: HEARD,
    when: it.notFound,
    then: ['BYE caller: Not found', 'ended: not-found by server 200'],
    becomes: 'ended',
  },
]

const ringing: readonly Scenario[] = [
  {
    title: 'an answered caller hears ringback as somebody is rung',
    given: HEARD,
    when: it.found([app('alice', 1)]),
    then: ['INVITE alice on flow 1', 'ringback to the caller'],
    becomes: 'waiting',
  },
  {
    title: 'an unanswered caller hears ringback after what it heard',
    given: HEARD_EARLY,
    when: it.found([app('alice', 1)]),
    then: ['INVITE alice on flow 1', 'ringback to the caller'],
    becomes: 'waiting',
  },
  {
    title: 'a caller that hears a connecting tone for nothing hears ringback again',
    given: MISSED,
    when: it.found([app('bob', 2)]),
    then: ['INVITE bob on flow 2', 'ringback to the caller'],
    becomes: 'waiting',
  },
  {
    title: 'a caller that is being answered hears ringback only then',
    given: [
      ...[it.invited('early-media', 'answer'), it.found([app('alice', null)], it.thenBob)],
      ...[it.accepts('alice'), it.timeIsUp('second-response')],
    ],
    when: it.found([app('bob', 2)]),
    then: ['INVITE bob on flow 2'],
    becomes: 'waiting',
  },
  {
    title: 'a caller whose trunk only rings is told nothing more',
    given: [
      ...[it.invited('ringing'), it.found([app('alice', null)], it.thenBob)],
      ...[it.accepts('alice'), it.timeIsUp('second-response')],
    ],
    when: it.found([app('bob', 2)]),
    then: ['INVITE bob on flow 2'],
    becomes: 'waiting',
  },
  {
    title: 'an answered caller hears no ringback where nobody is rung',
    given: HEARD,
    when: it.found([]),
    then: ['BYE caller: No device could be reached', 'ended: unreachable by server 200'],
    becomes: 'ended',
  },
  {
    title: 'the caller is answered at once, and somebody is rung',
    given: [it.invited('early-media')],
    when: ANSWER_FIRST,
    then: ['INVITE alice on flow 1', '200 to the caller, ahead of a device'],
    becomes: 'waiting',
  },
  {
    title: 'an answered caller is not answered again',
    given: HEARD,
    when: ANSWER_FIRST,
    then: ['INVITE alice on flow 1', 'ringback to the caller'],
    becomes: 'waiting',
  },
  {
    title: 'a caller that was held while its instructions were asked for is answered',
    given: [it.invited(), it.deliberates],
    when: ANSWER_FIRST,
    then: ['INVITE alice on flow 1', '200 to the caller, ahead of a device'],
    becomes: 'waiting',
  },
  {
    title: 'a device that calls in is pushed, though it is registered',
    given: [it.invited()],
    when: CALLS_IN,
    then: ['push alice', 'hold the caller: ringing'],
    becomes: 'waiting',
  },
  {
    title: 'a device that calls in is pushed, though it registers while it is looked up',
    given: [it.invited(), it.registers('alice', 2)],
    when: CALLS_IN,
    then: ['push alice', 'hold the caller: ringing'],
    becomes: 'waiting',
  },
]

/** What was asked before instructions were asked again. */
const past: readonly Scenario[] = [
  {
    title: 'what came of those who were rung before counts for nothing at the next step',
    given: [...RINGING, it.fails('alice', 486), it.fails('tablet', 486)],
    when: it.found([app('bob', null, { wakeable: false })], { kind: 'outcome' }, ['bob']),
    then: ['BYE caller: No device could be reached', 'ended: unreachable by server 200'],
    becomes: 'ended',
  },
  {
    title: 'a phone answers after its instructions were asked again, and is hung up',
    given: [...RINGING, it.timeIsUp('hold')],
    when: it.answers('alice'),
    then: ['BYE alice: Call completed elsewhere'],
    becomes: 'routing',
  },
  {
    title: 'a phone that was quicker than its CANCEL is hung up after the bridge as well',
    given: [...TALKING, it.hangsUp('alice')],
    when: it.answers('tablet'),
    then: ['BYE tablet: Call completed elsewhere'],
    becomes: 'routing',
  },
  {
    title: 'a phone that talked before registers as the next step is looked up, and is rung in it',
    given: [...TALKING, it.hangsUp('alice'), it.registers('alice', 7)],
    when: it.found([]),
    then: ['INVITE alice on flow 7', 'ringback to the caller'],
    becomes: 'waiting',
  },
]

export const directedInRouting: readonly Scenario[] = [...deliberating, ...directing, ...ringing, ...past]
