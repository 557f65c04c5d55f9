import { app, desk, OTHER_OUTSIDE, OUTSIDE } from '../vocabulary.js'
import { ACCEPTED_OF_MANY } from './accepted.js'
import * as it from './happenings.js'
import type { Scenario } from './scenario.js'

const START = it.invited()
const BOTH = it.found([app('alice', null), app('tablet', 2)])
const SIDE_BY_SIDE = (otherwise?: Parameters<typeof it.found>[1]) =>
  it.found([app('alice', 1), app('tablet', null), app('bob', 3)], otherwise, ['alice', 'bob'])

/** A user says yes by API, ahead of any SIP. */
const yes: readonly Scenario[] = [
  {
    title: 'a user accepts: the others stop, and the caller hears that it is being connected',
    given: [
      START,
      it.found([app('alice', null), app('tablet', 2), app('watch', null)]),
      it.pushTaken('alice'),
      it.rings('tablet'),
    ],
    when: it.accepts('alice'),
    then: [
      'CANCEL tablet on flow 2: Call completed elsewhere',
      'stop pushing watch',
      'tell watch: Call completed elsewhere',
      'connecting tone to the caller',
    ],
    becomes: 'accepted',
  },
  {
    title: 'a user accepts a call whose caller is to be answered early',
    given: [it.invited('queued', 'answer'), BOTH],
    when: it.accepts('alice'),
    then: [
      'CANCEL tablet on flow 2: Call completed elsewhere',
      'stop pushing alice',
      '200 to the caller, ahead of a device',
    ],
    becomes: 'accepted',
  },
  {
    title: 'a user accepts on a phone that rings already: its INVITE stays',
    given: [START, it.found([app('alice', 1)]), it.rings('alice')],
    when: it.accepts('alice'),
    then: ['connecting tone to the caller'],
    becomes: 'accepted',
  },
  {
    title: 'a user accepts on a phone that could not be pushed',
    given: [START, BOTH, it.pushRefused('alice')],
    when: it.accepts('alice'),
    then: ['CANCEL tablet on flow 2: Call completed elsewhere', 'connecting tone to the caller'],
    becomes: 'accepted',
  },
  {
    title: 'a phone that was busy cannot accept any more',
    given: [START, BOTH, it.fails('tablet', 486)],
    when: it.accepts('tablet'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a desk phone cannot accept by API',
    given: [START, it.found([desk('desk', 8)])],
    when: it.accepts('desk'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'what is accepted for a device that is asked anew counts for its newest attempt',
    given: [
      ...[START, it.found([app('alice', null), app('tablet', null)], it.thenBob)],
      ...[it.pushRefused('alice'), it.pushRefused('tablet')],
      it.found([app('alice', null)]),
    ],
    when: it.accepts('alice before'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a caller hears once that somebody accepted, though a second user accepts later',
    given: [
      ...[...ACCEPTED_OF_MANY, it.timeIsUp('second-response')],
      it.found([app('bob', null)], undefined, ['bob']),
    ],
    when: it.accepts('bob'),
    then: ['stop pushing bob'],
    becomes: 'accepted',
  },
  {
    title: 'a device comes by itself without a word before: it has the call, and the others hear it',
    given: [START, BOTH],
    when: it.comes('alice'),
    then: ['CANCEL tablet on flow 2: Call completed elsewhere', 'stop pushing alice', "join alice's own"],
    becomes: 'connecting',
  },
  {
    title: 'a device comes by itself while its INVITE is under way, and that is cancelled',
    given: [START, it.found([app('alice', 1)]), it.rings('alice')],
    when: it.comes('alice'),
    then: ['CANCEL alice on flow 1: Call completed elsewhere', "join alice's own"],
    becomes: 'connecting',
  },
  {
    title: 'a device that has no part in the call is turned away',
    given: [START, BOTH],
    when: it.comes('stranger'),
    then: ["BYE stranger's own: Call completed elsewhere"],
    becomes: 'waiting',
  },
  {
    title: 'a device that was busy comes too late',
    given: [START, BOTH, it.fails('tablet', 486)],
    when: it.comes('tablet'),
    then: ["BYE tablet's own: Call completed elsewhere"],
    becomes: 'waiting',
  },
  {
    title: 'a leg that was turned away stays so, though its phone has become a device that may come',
    given: [START, it.found([desk('desk', 8)]), it.comes('desk'), it.registers('desk', 9)],
    when: it.comesAgain('desk'),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a device that was turned away hangs up, and the call goes on',
    given: [START, BOTH, it.comes('stranger')],
    when: it.hangsUp("stranger's own"),
    then: [],
    becomes: 'waiting',
  },
]

/** A user says no, by API or on one of its phones. */
const no: readonly Scenario[] = [
  {
    title: 'a user declines by API, for all of its phones',
    given: [
      START,
      it.found([app('alice', null), app('tablet', 2), app('watch', null)]),
      it.pushTaken('watch'),
    ],
    when: it.declines('alice', 603),
    then: [
      'stop pushing alice',
      'CANCEL tablet on flow 2: Declined',
      'tell watch: Declined',
      '603 to the caller',
      'ended: declined by callee 603',
    ],
    becomes: 'ended',
  },
  {
    title: 'a user declines with a message, and its other phones hear that reason',
    given: [START, it.found([app('alice', 1), app('tablet', 2)])],
    when: it.declines('alice', 486, { reason: 'SIP;cause=486;text="In a meeting"' }),
    then: [
      'CANCEL alice on flow 1: In a meeting',
      'CANCEL tablet on flow 2: In a meeting',
      '486 to the caller',
      'ended: busy by callee 486',
    ],
    becomes: 'ended',
  },
  {
    title: 'a user declines although there is a no-answer target: its word is the last',
    given: [START, it.found([app('alice', null)], it.thenBob), it.pushTaken('alice')],
    when: it.declines('alice', 486),
    then: ['486 to the caller', 'ended: busy by callee 486', 'released'],
    becomes: 'ended',
  },
  {
    title: 'a user declines, whose no-answer target is a team: its word is the last all the same',
    given: [START, it.found([app('alice', 1)], { kind: 'target', target: { kind: 'group', group: 'team' } })],
    when: it.declines('alice', 603),
    then: ['CANCEL alice on flow 1: Declined', '603 to the caller', 'ended: declined by callee 603'],
    becomes: 'ended',
  },
  {
    title: 'one user of several declines: its phones stop, and the others ring on',
    given: [START, SIDE_BY_SIDE(), it.pushTaken('tablet')],
    when: it.declines('alice', 603),
    then: ['CANCEL alice on flow 1: Declined', 'tell tablet: Declined'],
    becomes: 'waiting',
  },
  {
    title: 'one user of several says no on one phone, and so on none of its phones',
    given: [START, SIDE_BY_SIDE()],
    when: it.fails('alice', 603),
    then: ['stop pushing tablet', 'tell tablet: Declined'],
    becomes: 'waiting',
  },
  {
    title: 'one user of several is busy on one phone, which says nothing of its others',
    given: [START, SIDE_BY_SIDE()],
    when: it.fails('alice', 486),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a number outside says no, and speaks for nobody else where several users are called',
    given: [START, it.found([OTHER_OUTSIDE, OUTSIDE, app('bob', 3)], undefined, ['alice', 'bob'])],
    when: it.fails('outside', 603),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a number outside that belongs to a user says no for that user',
    given: [START, it.found([app('alice', 1), OUTSIDE])],
    when: it.fails('outside', 603),
    then: ['CANCEL alice on flow 1: Declined', '603 to the caller', 'ended: declined by callee 603'],
    becomes: 'ended',
  },
  {
    title: 'a phone of another user says no: that is nothing to the user who is called now',
    given: [START, it.registers('tablet', 2), it.found([app('bob', 3)], undefined, ['bob'])],
    when: it.fails('tablet', 603),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a number outside rings on when a phone of another user says no',
    given: [START, it.registers('tablet', 2), it.found([OUTSIDE], undefined, [])],
    when: it.fails('tablet', 603),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'every user of several has declined',
    given: [START, SIDE_BY_SIDE(it.thenBob), it.declines('bob', 486)],
    when: it.declines('alice', 603),
    then: [
      'CANCEL alice on flow 1: Declined',
      'stop pushing tablet',
      'tell tablet: Declined',
      'look up user bob',
    ],
    becomes: 'routing',
  },
  {
    title: 'a member of a team in turn declines, and the next one is asked',
    given: [START, it.found([app('alice', 1), app('tablet', 2)], it.thenNext)],
    when: it.declines('alice', 603),
    then: ['CANCEL alice on flow 1: Declined', 'CANCEL tablet on flow 2: Declined', 'look up group team 1'],
    becomes: 'routing',
  },
  {
    title: "the last member of a team in turn declines, and the team's no-answer target is asked",
    given: [
      ...[START, it.found([app('alice', 1)], it.thenNext), it.declines('alice', 603)],
      it.found([app('bob', 2)], it.thenBob, ['bob']),
    ],
    when: it.fails('bob', 603),
    then: ['look up user bob'],
    becomes: 'routing',
  },
  {
    title: 'a phone of a user that has declined is not called because it registers',
    given: [START, SIDE_BY_SIDE(), it.declines('alice', 603)],
    when: it.registers('new', 7),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a phone of a user that has not declined is called when it registers',
    given: [START, SIDE_BY_SIDE(), it.declines('alice', 603)],
    when: it.registers('bobs-tablet', 7),
    then: ['INVITE bobs-tablet on flow 7'],
    becomes: 'waiting',
  },
  {
    title: 'a phone that could not be pushed does not come back once its user has declined',
    given: [
      START,
      it.found([app('alice', 1), app('tablet', null), app('bob', 3)], undefined, ['alice', 'bob']),
      it.pushRefused('tablet'),
      it.declines('alice', 603),
    ],
    when: it.registers('tablet', 4),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a phone that was dismissed because its user declined has no word of its own',
    given: [START, SIDE_BY_SIDE(), it.declines('alice', 603)],
    when: it.declines('tablet', 486),
    then: [],
    becomes: 'waiting',
  },
  {
    title: 'a user sends the call elsewhere',
    given: [START, SIDE_BY_SIDE(), it.pushTaken('tablet')],
    when: it.declines('alice', 480, { redirect: { kind: 'user', user: 'carol' } }),
    then: [
      'CANCEL alice on flow 1: No answer',
      'tell tablet: No answer',
      'CANCEL bob on flow 3: No answer',
      'look up user carol',
    ],
    becomes: 'routing',
  },
  {
    title: 'users who send the call to each other end it',
    given: [
      START,
      ...[1, 2, 3, 4].flatMap(() => [
        it.found([app('alice', null)]),
        it.declines('alice', 603, { redirect: { kind: 'user', user: 'alice' } }),
      ]),
      it.found([app('alice', null)]),
    ],
    when: it.declines('alice', 603, { redirect: { kind: 'user', user: 'alice' } }),
    then: ['stop pushing alice', '603 to the caller', 'ended: declined by callee 603', 'released'],
    becomes: 'ended',
    detail: 'the chain of targets is a loop',
  },
]

export const answering: readonly Scenario[] = [...yes, ...no]
