import { app } from '../vocabulary.js'
import { ANSWER_FIRST, CALLS_IN, MISSED, RINGING, TALKING } from './directed.js'
import * as it from './happenings.js'
import type { Scenario } from './scenario.js'

/** The expected caller is not there yet; it will be answered at once. */
const EXPECTED = [it.reported('accepted'), ANSWER_FIRST]

export const directedWhileWaiting: readonly Scenario[] = [
  {
    title: 'nobody answers, and the instructions are asked what next',
    given: RINGING,
    when: it.timeIsUp('hold'),
    then: [
      'CANCEL alice on flow 1: No answer',
      'CANCEL tablet on flow 2: No answer',
      'look up instructions desk 2',
    ],
    becomes: 'routing',
  },
  {
    title: 'the user declines, and the instructions are asked what next',
    given: RINGING,
    when: it.declines('alice', 603),
    then: [
      'CANCEL alice on flow 1: Declined',
      'CANCEL tablet on flow 2: Declined',
      'look up instructions desk 2',
    ],
    becomes: 'routing',
  },
  {
    title: 'a caller that was answered at once hears ringback',
    given: [it.invited(), ANSWER_FIRST],
    when: it.callerAnswered,
    then: ['ringback to the caller'],
    becomes: 'waiting',
  },
  {
    title: 'a caller that cannot be answered at once ends the call',
    given: [it.invited(), ANSWER_FIRST],
    when: it.notHeld,
    then: [
      ...['CANCEL alice on flow 1: Not acceptable here', '488 to the caller'],
      'ended: not-acceptable by server 488',
    ],
    becomes: 'ended',
  },
  {
    title: 'a phone answers before the caller that was to be answered at once has its answer',
    given: [it.invited(), ANSWER_FIRST],
    when: it.answers('alice'),
    then: ['join alice'],
    becomes: 'connecting',
  },
  {
    title: 'the expected caller is answered as soon as it is there',
    given: EXPECTED,
    when: it.forwarded,
    then: ['200 to the caller, ahead of a device'],
    becomes: 'waiting',
  },
  {
    title: 'a user accepts while the caller is being answered: its 200 says so',
    given: [it.invited(), ANSWER_FIRST],
    when: it.accepts('alice'),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'an answered caller hears that a user accepted',
    given: [
      it.invited('early-media', 'answer'),
      it.directed(),
      it.callerAnswered,
      it.performed(),
      ANSWER_FIRST,
    ],
    when: it.accepts('alice'),
    then: ['connecting tone to the caller'],
    becomes: 'accepted',
  },
  {
    title: 'a caller that heard ringback after an accept hears of the next one',
    given: [...MISSED, it.found([app('bob', null)]), it.pushTaken('bob')],
    when: it.accepts('bob'),
    then: ['connecting tone to the caller'],
    becomes: 'accepted',
  },
  {
    title: 'a device that calls in registers, and gets no INVITE',
    given: [it.invited(), CALLS_IN],
    when: it.registers('alice', 2),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a device that calls in comes by itself, and has the call',
    given: [it.invited(), CALLS_IN],
    when: it.comes('alice'),
    then: ['stop pushing alice', "join alice's own"],
    becomes: 'connecting',
  },
  {
    title: 'a device that calls in cannot be pushed, and nobody else is there',
    given: [it.invited(), CALLS_IN],
    when: it.pushRefused('alice'),
    then: ['480 to the caller', 'ended: unreachable by server 480', 'released'],
    becomes: 'ended',
  },
  {
    title: 'a device that calls in is told what became of the call',
    given: [it.invited(), CALLS_IN, it.pushTaken('alice')],
    when: it.callerCancels(),
    then: ['tell alice: Caller cancelled', 'ended: cancelled by caller 487', 'released'],
    becomes: 'ended',
  },
]

export const directedAfterAccept: readonly Scenario[] = [
  {
    title: 'the expected caller that is to be answered at once comes after the accept',
    given: [...EXPECTED, it.accepts('alice')],
    when: it.forwarded,
    then: ['200 to the caller, ahead of a device'],
    becomes: 'accepted',
  },
  {
    title: 'a caller that has its answer after the accept goes on hearing of that',
    given: [it.invited(), ANSWER_FIRST, it.accepts('alice')],
    when: it.callerAnswered,
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'a device that calls in registers after its accept, and gets no INVITE',
    given: [it.invited(), CALLS_IN, it.accepts('alice')],
    when: it.registers('alice', 2),
    then: [],
    becomes: 'accepted',
  },
]

/** What comes after a bridge. */
export const goingOn: readonly Scenario[] = [
  {
    title: 'the callee hangs up, and the caller stays for what comes next',
    given: TALKING,
    when: it.hangsUp('alice', 'Q.850;cause=16'),
    then: ['look up instructions desk 2'],
    becomes: 'routing',
  },
  {
    title: 'a device that came by itself hangs up, and the caller stays as well',
    given: [...RINGING, it.comes('alice'), it.joined],
    when: it.hangsUp("alice's own"),
    then: ['look up instructions desk 2'],
    becomes: 'routing',
  },
  {
    title: 'the caller hangs up, and nothing comes next',
    given: TALKING,
    when: it.hangsUp('caller'),
    then: ['BYE alice: Normal call clearing', 'ended: hung-up by caller 200'],
    becomes: 'ended',
  },
  {
    title: 'nobody sends media any more, and nothing comes next',
    given: TALKING,
    when: it.noMedia,
    then: ['BYE alice: Media timeout', 'BYE caller: Media timeout', 'ended: media-timeout by server 200'],
    becomes: 'ended',
  },
  {
    title: 'a phone that registered meanwhile is of the same part of the call',
    given: [...RINGING, it.registers('new', 9), it.answers('new'), it.joined],
    when: it.hangsUp('new'),
    then: ['look up instructions desk 2'],
    becomes: 'routing',
  },
]
