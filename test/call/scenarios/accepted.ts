import { app } from '../vocabulary.js'
import * as it from './happenings.js'
import type { Scenario } from './scenario.js'

const THREE = it.found([app('alice', null), app('tablet', 2), app('watch', null)])
/** Alice was pushed and has accepted; the tablet's CANCEL is on its way. */
export const ACCEPTED = [it.invited(), THREE, it.pushTaken('alice'), it.accepts('alice')]
const OF_TWO_USERS = [
  it.invited(),
  it.found([app('bob', 3), app('alice', null)], it.thenBob, ['alice', 'bob']),
  it.accepts('alice'),
]
/** The same with a target for when alice does not come. */
export const ACCEPTED_OF_MANY = [
  it.invited(),
  it.found([app('alice', null)], it.thenBob),
  it.accepts('alice'),
]
/** Its caller is being answered before the device is there. */
export const ANSWERING = [
  it.invited('queued', 'answer'),
  it.found([app('alice', null)], it.thenBob),
  it.accepts('alice'),
]
export const EARLY = [...ANSWERING, it.callerAnswered]

/** The second response. */
const coming: readonly Scenario[] = [
  {
    title: 'the device that accepted registers, and gets its INVITE',
    given: ACCEPTED,
    when: it.registers('alice', 1),
    then: ['INVITE alice on flow 1'],
    becomes: 'accepted',
  },
  {
    title: 'the device that accepted answers its INVITE, and has the call',
    given: [...ACCEPTED, it.registers('alice', 1)],
    when: it.answers('alice'),
    then: ['join alice'],
    becomes: 'connecting',
  },
  {
    title: 'the INVITE that rang when its user accepted by API is answered',
    given: [it.invited(), it.found([app('alice', 1)]), it.accepts('alice')],
    when: it.answers('alice'),
    then: ['join alice'],
    becomes: 'connecting',
  },
  {
    title: 'the device that accepted opens a leg of its own, and has the call',
    given: ACCEPTED,
    when: it.comes('alice'),
    then: ["join alice's own"],
    becomes: 'connecting',
  },
  {
    title: 'the device that accepted comes by itself while its INVITE is under way',
    given: [...ACCEPTED, it.registers('alice', 1)],
    when: it.comes('alice'),
    then: ['CANCEL alice on flow 1: Call completed elsewhere', "join alice's own"],
    becomes: 'connecting',
  },
  {
    title: 'the device that accepted refreshes its registration, and is not rung twice',
    given: [...ACCEPTED, it.registers('alice', 1)],
    when: it.registers('alice', 1),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'the device that accepted registers on another flow, where its INVITE follows it',
    given: [...ACCEPTED, it.registers('alice', 1)],
    when: it.registers('alice', 5),
    then: ['CANCEL alice on flow 1: Flow replaced', 'INVITE alice on flow 5'],
    becomes: 'accepted',
  },
  {
    title: 'a device whose INVITE went to a stale flow is not pushed: it is awake, and registers',
    given: [it.invited(), it.found([app('alice', 1)]), it.accepts('alice')],
    when: it.fails('alice', 408),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'a device whose gateway is lost is waited for',
    given: [...ACCEPTED, it.registers('alice', 1)],
    when: it.gatewayLost('alice'),
    then: [],
    becomes: 'accepted',
  },
]

/** Everybody else. */
const late: readonly Scenario[] = [
  {
    title: 'a second user accepts too late',
    given: ACCEPTED,
    when: it.accepts('watch'),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'another device registers, and is not called',
    given: ACCEPTED,
    when: it.registers('watch', 4),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'a phone that nobody knew of registers, and is not called',
    given: ACCEPTED,
    when: it.registers('new', 4),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'another device comes by itself, and is turned away',
    given: ACCEPTED,
    when: it.comes('watch'),
    then: ["BYE watch's own: Call completed elsewhere"],
    becomes: 'accepted',
  },
  {
    title: 'a phone answers although it was cancelled, and is hung up',
    given: ACCEPTED,
    when: it.answers('tablet'),
    then: ['BYE tablet: Call completed elsewhere'],
    becomes: 'accepted',
  },
  {
    title: 'a phone that was hung up says so',
    given: [...ACCEPTED, it.answers('tablet')],
    when: it.hangsUp('tablet'),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'a phone that was cancelled says so',
    given: ACCEPTED,
    when: it.fails('tablet', 487),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'another user declines what is taken already',
    given: ACCEPTED,
    when: it.declines('watch', 603),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'the push to the device that accepted is refused, which says nothing any more',
    given: ACCEPTED,
    when: it.pushRefused('alice'),
    then: [],
    becomes: 'accepted',
  },
]

/** What the caller hears. */
const hearing: readonly Scenario[] = [
  {
    title: 'a caller that waits for a device that accepted gets its provisional again',
    given: ACCEPTED,
    when: it.timeIsUp('reassure'),
    then: ['repeat the provisional'],
    becomes: 'accepted',
  },
  {
    title: 'a queued caller hears that the device that accepted rings',
    given: [it.invited('queued'), THREE, it.accepts('alice'), it.registers('alice', 1)],
    when: it.rings('alice'),
    then: ['180 to the caller'],
    becomes: 'accepted',
  },
  {
    title: 'a caller that was answered early hears no 180 any more',
    given: [...EARLY, it.registers('alice', 1)],
    when: it.rings('alice'),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'a caller that was answered early is joined to the device that comes',
    given: EARLY,
    when: it.comes('alice'),
    then: ["join alice's own"],
    becomes: 'connecting',
  },
  {
    title: 'a caller whose 200 is on its way is joined to the device that comes',
    given: ANSWERING,
    when: it.comes('alice'),
    then: ["join alice's own"],
    becomes: 'connecting',
  },
]

/** How it ends without the device. */
const ending: readonly Scenario[] = [
  {
    title: 'the device that accepted does not come in time',
    given: ACCEPTED,
    when: it.timeIsUp('second-response'),
    then: [
      'tell alice: Accepted, but not connected in time',
      '480 to the caller',
      'ended: no-second-response by server 480',
    ],
    becomes: 'ended',
  },
  {
    title: 'the device that accepted rings, and does not answer in time',
    given: [...ACCEPTED, it.fails('tablet', 487), it.registers('alice', 1), it.rings('alice')],
    when: it.timeIsUp('second-response'),
    then: [
      'CANCEL alice on flow 1: Accepted, but not connected in time',
      '480 to the caller',
      'ended: no-second-response by server 480',
    ],
    becomes: 'ended',
  },
  {
    title: 'the device that accepted does not come in time, and there is another target',
    given: ACCEPTED_OF_MANY,
    when: it.timeIsUp('second-response'),
    then: ['tell alice: Accepted, but not connected in time', 'look up user bob'],
    becomes: 'routing',
  },
  {
    title: 'the device that accepted does not come in time, which is not what a no-answer status stands for',
    given: [
      it.invited(),
      it.found([app('alice', null)], { kind: 'status', status: 486 }),
      it.accepts('alice'),
    ],
    when: it.timeIsUp('second-response'),
    then: [
      'tell alice: Accepted, but not connected in time',
      '480 to the caller',
      'ended: no-second-response by server 480',
      'released',
    ],
    becomes: 'ended',
  },
  {
    title: 'the user that accepted declines after all',
    given: ACCEPTED,
    when: it.declines('alice', 603),
    then: ['603 to the caller', 'ended: declined by callee 603'],
    becomes: 'ended',
  },
  {
    title: 'the user that accepted sends the call elsewhere after all',
    given: ACCEPTED,
    when: it.declines('alice', 480, { redirect: { kind: 'user', user: 'carol' } }),
    then: ['look up user carol'],
    becomes: 'routing',
  },
  {
    title: 'one of several users accepted and declines after all: nobody else is left in this step',
    given: OF_TWO_USERS,
    when: it.declines('alice', 488),
    then: ['look up user bob'],
    becomes: 'routing',
  },
  {
    title: 'the device that accepted says on its INVITE that it is busy',
    given: [...ACCEPTED_OF_MANY, it.registers('alice', 1)],
    when: it.fails('alice', 486),
    then: ['look up user bob'],
    becomes: 'routing',
  },
  {
    title: 'the device that accepted refuses its INVITE, and the caller hears its word and no other',
    given: [...ACCEPTED, it.registers('alice', 1)],
    when: it.fails('alice', 488),
    then: ['488 to the caller', 'ended: not-acceptable by callee 488'],
    becomes: 'ended',
  },
  {
    title: 'the device that accepted declines its INVITE, though there is a no-answer target',
    given: [...ACCEPTED_OF_MANY, it.registers('alice', 1)],
    when: it.fails('alice', 603, { reason: 'SIP;cause=603;text="Not now"' }),
    then: ['603 to the caller', 'ended: declined by callee 603', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the device that accepted says for all of its user that it is busy',
    given: [...ACCEPTED_OF_MANY, it.registers('alice', 1)],
    when: it.fails('alice', 600),
    then: ['600 to the caller', 'ended: busy by callee 600', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the device that accepted cannot be reached, whatever is tried',
    given: [
      ...ACCEPTED_OF_MANY,
      ...[1, 2, 3, 4].flatMap((flow) => [it.registers('alice', flow), it.fails('alice', 503)]),
      it.registers('alice', 5),
    ],
    when: it.gatewayLost('alice'),
    then: ['tell alice: Call failed', 'look up user bob'],
    becomes: 'routing',
  },
  {
    title: 'the caller gives up',
    given: ACCEPTED,
    when: it.callerCancels(),
    then: ['tell alice: Caller cancelled', 'ended: cancelled by caller 487'],
    becomes: 'ended',
  },
  {
    title: 'a device that was never pushed is told the end, because it accepted',
    given: [it.invited(), it.found([app('alice', 1)]), it.accepts('alice')],
    when: it.callerCancels(),
    then: [
      'CANCEL alice on flow 1: Caller cancelled',
      'tell alice: Caller cancelled',
      'ended: cancelled by caller 487',
    ],
    becomes: 'ended',
  },
  {
    title: 'the caller gives up while its 200 is on its way',
    given: ANSWERING,
    when: it.callerCancels(),
    then: ['tell alice: Caller cancelled', 'ended: cancelled by caller 487', 'released'],
    becomes: 'ended',
  },
  {
    title: 'a CANCEL that comes after an early 200 is too late',
    given: EARLY,
    when: it.callerCancels(),
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'the caller that was answered early hangs up, and the device hears of a call that it missed',
    given: EARLY,
    when: it.hangsUp('caller'),
    then: ['tell alice: Normal call clearing', 'ended: hung-up by caller 200', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the caller hangs up before the server has heard that it got its early 200',
    given: ANSWERING,
    when: it.hangsUp('caller'),
    then: ['tell alice: Normal call clearing', 'ended: hung-up by caller 200', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the caller cannot be answered early',
    given: ANSWERING,
    when: it.notHeld,
    then: [
      'tell alice: Not acceptable here',
      '488 to the caller',
      'ended: not-acceptable by server 488',
      'released',
    ],
    becomes: 'ended',
  },
  {
    title: 'a provisional that the early 200 has overtaken fails, which nobody misses',
    given: EARLY,
    when: it.notHeld,
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'the device does not come to a caller that was answered early: it is hung up, and got 200',
    given: [it.invited('ringing', 'answer'), THREE, it.accepts('alice'), it.callerAnswered],
    when: it.timeIsUp('second-response'),
    then: [
      'tell alice: Accepted, but not connected in time',
      'BYE caller: Accepted, but not connected in time',
      'ended: no-second-response by server 200',
    ],
    becomes: 'ended',
  },
  {
    title: 'the gateway of the caller is lost',
    given: EARLY,
    when: it.gatewayLost('caller'),
    then: ['tell alice: Server lost', 'ended: engine-lost by server 200', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the media engine is lost',
    given: ACCEPTED,
    when: it.mediaLost,
    then: ['tell alice: Server lost', '503 to the caller', 'ended: engine-lost by server 503'],
    becomes: 'ended',
  },
  {
    title: 'the server shuts down',
    given: ACCEPTED,
    when: it.drained,
    then: ['tell alice: Server shutting down', '503 to the caller', 'ended: drained by server 503'],
    becomes: 'ended',
  },
]

export const accepted: readonly Scenario[] = [...coming, ...late, ...hearing, ...ending]
