import { app, desk, OUTSIDE } from '../vocabulary.js'
import * as it from './happenings.js'
import type { Scenario } from './scenario.js'

const BOTH = it.found([app('alice', 1), app('tablet', null)])
const ASLEEP = it.found([app('alice', null), app('tablet', null)])
/** A cell phone rings, and two devices are asked for its call. */
const REPORTED = [it.reported(), BOTH]
/** The same, where the cell phone is told to reject once one of them has the call. */
const ONCE_ACCEPTED = [it.reported('accepted'), BOTH]
/** Alice rings, and the tablet was pushed: the cell phone was told to reject. */
const INSTRUCTED = [...REPORTED, it.pushTaken('tablet'), it.rings('alice')]
const REJECT = 'the cell phone is to reject'

/** When the cell phone is told to reject its call. */
const instructing: readonly Scenario[] = [
  {
    title: 'a device that rings is not enough while another was not notified yet',
    given: REPORTED,
    when: it.rings('alice'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'the cell phone is told to reject once every device was notified',
    given: [...REPORTED, it.pushTaken('tablet')],
    when: it.rings('alice', 100),
    then: [REJECT],
    becomes: 'waiting',
  },
  {
    title: 'the cell phone is told to reject once the last push was taken',
    given: [...REPORTED, it.rings('alice')],
    when: it.pushTaken('tablet'),
    then: [REJECT],
    becomes: 'waiting',
  },
  {
    title: 'the cell phone is told to reject though one of the devices cannot be pushed',
    given: [...REPORTED, it.rings('alice')],
    when: it.pushRefused('tablet'),
    then: [REJECT],
    becomes: 'waiting',
  },
  {
    title: 'the cell phone is told to reject though one of the devices is busy',
    given: [...REPORTED, it.pushTaken('tablet')],
    when: it.fails('alice', 486),
    then: [REJECT],
    becomes: 'waiting',
  },
  {
    title:
      'a device without an answer to its INVITE does not keep the others waiting once no push gets through',
    given: [...REPORTED, it.pushTaken('tablet'), it.timeIsUp({ grace: 'alice' })],
    when: it.pushRefused('alice'),
    then: [REJECT],
    becomes: 'waiting',
  },
  {
    title: 'the cell phone rings on while nobody was notified for certain',
    given: [it.reported(), it.found([app('alice', 1)]), it.timeIsUp({ grace: 'alice' })],
    when: it.pushRefused('alice'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a number outside has to answer its INVITE as well',
    given: [it.reported(), it.found([OUTSIDE])],
    when: it.rings('outside', 183),
    then: [REJECT],
    becomes: 'waiting',
  },
  {
    title: 'the cell phone is told to reject once',
    given: INSTRUCTED,
    when: it.rings('alice'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a device that rings is not enough where one has to take the call',
    given: [...ONCE_ACCEPTED, it.pushTaken('tablet')],
    when: it.rings('alice'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'the cell phone is told to reject once a user accepts',
    given: ONCE_ACCEPTED,
    when: it.accepts('tablet'),
    then: ['CANCEL alice on flow 1: Call completed elsewhere', 'stop pushing tablet', REJECT],
    becomes: 'accepted',
  },
  {
    title: 'the cell phone is told to reject once a device answers, which then waits for the caller',
    given: ONCE_ACCEPTED,
    when: it.answers('alice'),
    then: ['stop pushing tablet', 'tell tablet: Call completed elsewhere', 'comfort audio to alice', REJECT],
    becomes: 'expecting',
  },
  {
    title: 'a device that comes by itself waits for the caller as well',
    given: [it.reported(), ASLEEP],
    when: it.comes('alice'),
    then: [
      'stop pushing tablet',
      'tell tablet: Call completed elsewhere',
      'stop pushing alice',
      "comfort audio to alice's own",
      REJECT,
    ],
    becomes: 'expecting',
  },
  {
    title:
      'a device that answers after everybody was notified waits for the caller, and nothing is told twice',
    given: INSTRUCTED,
    when: it.answers('alice'),
    then: ['tell tablet: Call completed elsewhere', 'comfort audio to alice'],
    becomes: 'expecting',
  },
  {
    title: 'where nobody can take the call, the cell phone is told nothing, and rings on',
    given: [it.reported(), it.found([app('alice', null)])],
    when: it.pushRefused('alice'),
    then: ['ended: unreachable by server 480', 'released'],
    becomes: 'ended',
  },
  {
    title: 'where nobody takes the call in time, the cell phone is told nothing, and rings on',
    given: [it.reported('accepted'), BOTH],
    when: it.timeIsUp('hold'),
    then: [
      'CANCEL alice on flow 1: No answer',
      'stop pushing tablet',
      'tell tablet: No answer',
      'ended: no-answer by server 480',
    ],
    becomes: 'ended',
  },
  {
    title: 'where nobody takes the call in time, the next are asked while the cell phone rings',
    given: [it.reported('accepted'), it.found([desk('desk', 9)], it.thenBob)],
    when: it.timeIsUp('hold'),
    then: ['CANCEL desk on flow 9: No answer', 'look up user bob'],
    becomes: 'routing',
  },
]

/** The caller is there before anybody has the call. */
const coming: readonly Scenario[] = [
  {
    title: 'the forwarded caller is held while the devices ring',
    given: INSTRUCTED,
    when: it.forwarded,
    then: ['hold the caller: ringing'],
    becomes: 'waiting',
  },
  {
    title: 'a caller that is forwarded before the cell phone was told to reject is a caller like any other',
    given: [...REPORTED, it.forwarded, it.pushTaken('tablet')],
    when: it.rings('alice'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a queued caller hears that something rings, though it came later',
    given: [it.reported('notified', { hold: 'queued' }), BOTH, it.rings('alice')],
    when: it.forwarded,
    then: ['hold the caller: queued', '180 to the caller'],
    becomes: 'waiting',
  },
  {
    title: 'a queued caller to whom nothing rings yet hears that later',
    given: [it.reported('notified', { hold: 'queued' }), BOTH, it.forwarded],
    when: it.rings('alice'),
    then: ['180 to the caller'],
    becomes: 'waiting',
  },
  {
    title: 'a caller that has come is not told of a second one',
    given: [...INSTRUCTED, it.forwarded],
    when: it.forwarded,
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'the caller that has come gives up like any other',
    given: [...INSTRUCTED, it.forwarded],
    when: it.callerCancels(),
    then: [
      'CANCEL alice on flow 1: Caller cancelled',
      'tell tablet: Caller cancelled',
      'ended: cancelled by caller 487',
    ],
    becomes: 'ended',
  },
  {
    title: 'a device that answers gets the caller that has come',
    given: [...INSTRUCTED, it.forwarded],
    when: it.answers('alice'),
    then: ['tell tablet: Call completed elsewhere', 'join alice'],
    becomes: 'connecting',
  },
  {
    title: 'what the cell phone says is nothing to a caller that has come',
    given: [...INSTRUCTED, it.forwarded],
    when: it.cell('ended'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'the device that accepted does not come, and the caller is forwarded to the next',
    given: [
      ...[it.reported('accepted'), it.found([app('alice', null)], it.thenBob), it.accepts('alice')],
      ...[it.timeIsUp('second-response'), it.found([app('bob', 3)], undefined, ['bob'])],
    ],
    when: it.forwarded,
    then: ['hold the caller: ringing'],
    becomes: 'waiting',
  },
]

/** What the cell phone says while nobody has the call. */
const saying: readonly Scenario[] = [
  {
    title: 'the subscriber answers on the cell phone: the devices hear that it was answered elsewhere',
    given: INSTRUCTED,
    when: it.cell('answered'),
    then: [
      'CANCEL alice on flow 1: Call completed elsewhere',
      'tell tablet: Call completed elsewhere',
      'ended: answered-on-primary by callee 200',
    ],
    becomes: 'ended',
  },
  {
    title: 'the cell phone stops ringing before it was told to reject: the caller has given up',
    given: [...REPORTED, it.pushTaken('tablet')],
    when: it.cell('ended'),
    then: [
      'CANCEL alice on flow 1: Caller cancelled',
      'tell tablet: Caller cancelled',
      'ended: cancelled by caller 487',
    ],
    becomes: 'ended',
  },
  {
    title: 'the cell phone stops ringing after it was told to reject: its caller is on the way',
    given: INSTRUCTED,
    when: it.cell('ended'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'the subscriber rejects by hand: its caller is awaited, and the phone is told nothing',
    given: [...REPORTED, it.pushTaken('tablet'), it.cell('rejected')],
    when: it.rings('alice'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'the cell phone stops ringing after the subscriber rejected by hand: its caller is on the way',
    given: [...REPORTED, it.cell('rejected')],
    when: it.cell('ended'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'the subscriber rejects by hand, and the carrier forwards nothing: the devices stop',
    given: [...REPORTED, it.pushTaken('tablet'), it.cell('rejected')],
    when: it.timeIsUp('forward'),
    then: [
      'CANCEL alice on flow 1: The call was not forwarded',
      'tell tablet: The call was not forwarded',
      'ended: not-forwarded by server 480',
    ],
    becomes: 'ended',
  },
  {
    title: 'the cell phone cannot reject its call: it is left there',
    given: INSTRUCTED,
    when: it.cell('failed'),
    then: ['CANCEL alice on flow 1: Call failed', 'tell tablet: Call failed', 'ended: failed by callee 500'],
    becomes: 'ended',
    detail: 'the cell phone could not reject its call',
  },
]

/** Nobody is there who could do so. */
const absent: readonly Scenario[] = [
  {
    title: 'nobody is told that the server shuts down, but the devices',
    given: [...REPORTED, it.pushTaken('tablet')],
    when: it.drained,
    then: [
      'CANCEL alice on flow 1: Server shutting down',
      'tell tablet: Server shutting down',
      'ended: drained by server 503',
    ],
    becomes: 'ended',
  },
  {
    title: 'a caller that is not there does not hang up',
    given: REPORTED,
    when: it.hangsUp('caller'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a caller that is not there is not failed by its media',
    given: REPORTED,
    when: it.notHeld,
    then: [],
    becomes: 'waiting',
  },
]

export const expected: readonly Scenario[] = [...instructing, ...coming, ...saying, ...absent]
