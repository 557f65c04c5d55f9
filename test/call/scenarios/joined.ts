import { app } from '../vocabulary.js'
import { ACCEPTED, ANSWERING, EARLY } from './accepted.js'
import * as it from './happenings.js'
import type { Scenario } from './scenario.js'

/** Alice has answered, and the tablet's CANCEL is on its way. */
export const ANSWERED = [it.invited(), it.found([app('alice', 1), app('tablet', 2)]), it.answers('alice')]
/** Alice and the caller talk. */
export const TALKING = [...ANSWERED, it.fails('tablet', 487), it.joined]

const connectingPlainly: readonly Scenario[] = [
  {
    title: 'the legs are joined',
    given: ANSWERED,
    when: it.joined,
    then: [],
    becomes: 'bridged',
  },
  {
    title: 'the legs cannot be joined',
    given: ANSWERED,
    when: it.notJoined,
    then: [
      'BYE alice: The legs could not be joined',
      '500 to the caller',
      'ended: connect-failed by server 500',
    ],
    becomes: 'ended',
  },
  {
    title: 'joining the legs takes too long',
    given: ANSWERED,
    when: it.timeIsUp('connect'),
    then: ['BYE alice: The legs could not be joined', 'ended: connect-failed by server 500'],
    becomes: 'ended',
    detail: 'joining the legs took too long',
  },
  {
    title: 'the caller gives up at the very moment of the answer',
    given: ANSWERED,
    when: it.callerCancels(),
    then: ['BYE alice: Caller cancelled', 'ended: cancelled by caller 487'],
    becomes: 'ended',
  },
  {
    title: 'the caller hangs up before the server has heard that it got its 200',
    given: ANSWERED,
    when: it.hangsUp('caller', 'Q.850;cause=16'),
    then: ['BYE alice: Q.850;cause=16', 'ended: hung-up by caller 200'],
    becomes: 'ended',
  },
  {
    title: 'the phone hangs up at once',
    given: ANSWERED,
    when: it.hangsUp('alice'),
    then: ['ended: hung-up by callee 480'],
    becomes: 'ended',
  },
  {
    title: 'another phone answers a moment later, and hears that somebody was quicker',
    given: ANSWERED,
    when: it.answers('tablet'),
    then: ['BYE tablet: Call completed elsewhere'],
    becomes: 'connecting',
  },
  {
    title: 'the phone that was quicker repeats its answer',
    given: ANSWERED,
    when: it.answers('alice'),
    then: [],
    becomes: 'connecting',
  },
  {
    title: 'the phone that was slower hangs up',
    given: [...ANSWERED, it.answers('tablet')],
    when: it.hangsUp('tablet'),
    then: [],
    becomes: 'connecting',
  },
  {
    title: 'a phone that registers now is not called',
    given: ANSWERED,
    when: it.registers('tablet', 5),
    then: [],
    becomes: 'connecting',
  },
  {
    title: 'no media is possible with the caller after all',
    given: ANSWERED,
    when: it.notHeld,
    then: ['BYE alice: Not acceptable here', 'ended: not-acceptable by server 488'],
    becomes: 'ended',
  },
  {
    title: 'the gateway of the phone that answered is lost',
    given: ANSWERED,
    when: it.gatewayLost('alice'),
    then: ['ended: engine-lost by server 503'],
    becomes: 'ended',
  },
  {
    title: 'the gateway of the caller is lost',
    given: ANSWERED,
    when: it.gatewayLost('caller'),
    then: ['BYE alice: Server lost', 'ended: engine-lost by server 503'],
    becomes: 'ended',
  },
  {
    title: 'the gateway of a phone that lost the race is lost',
    given: ANSWERED,
    when: it.gatewayLost('tablet'),
    then: [],
    becomes: 'connecting',
  },
  {
    title: 'the media engine is lost',
    given: ANSWERED,
    when: it.mediaLost,
    then: ['BYE alice: Server lost', 'ended: engine-lost by server 503'],
    becomes: 'ended',
  },
  {
    title: 'the server shuts down',
    given: ANSWERED,
    when: it.drained,
    then: ['BYE alice: Server shutting down', 'ended: drained by server 503'],
    becomes: 'ended',
  },
]

/** What is different where the caller was answered before a device was there. */
const connectingEarly: readonly Scenario[] = [
  {
    title: 'a caller that was answered early is joined',
    given: [...EARLY, it.comes('alice')],
    when: it.joined,
    then: [],
    becomes: 'bridged',
  },
  {
    title: 'a caller that was answered early hears that the legs cannot be joined by BYE',
    given: [...EARLY, it.comes('alice')],
    when: it.notJoined,
    then: [
      "BYE alice's own: The legs could not be joined",
      'BYE caller: The legs could not be joined',
      'ended: connect-failed by server 200',
    ],
    becomes: 'ended',
  },
  {
    title: 'the legs cannot be joined while the early 200 is on its way',
    given: [...ANSWERING, it.comes('alice')],
    when: it.notJoined,
    then: ["BYE alice's own: The legs could not be joined", 'ended: connect-failed by server 500'],
    becomes: 'ended',
  },
  {
    title: 'the early 200 fails while the legs are joined',
    given: [...ANSWERING, it.comes('alice')],
    when: it.notHeld,
    then: [
      "BYE alice's own: Not acceptable here",
      '488 to the caller',
      'ended: not-acceptable by server 488',
    ],
    becomes: 'ended',
  },
  {
    title: 'the early 200 is heard of while the legs are joined',
    given: [...ANSWERING, it.comes('alice'), it.callerAnswered],
    when: it.hangsUp("alice's own"),
    then: ['BYE caller: Normal call clearing', 'ended: hung-up by callee 200'],
    becomes: 'ended',
  },
  {
    title: 'a CANCEL that comes after an early 200 is too late',
    given: [...EARLY, it.comes('alice')],
    when: it.callerCancels(),
    then: [],
    becomes: 'connecting',
  },
  {
    title: 'the gateway of a device that came by itself is lost',
    given: [...EARLY, it.comes('alice')],
    when: it.gatewayLost("alice's own"),
    then: ['BYE caller: Server lost', 'ended: engine-lost by server 200'],
    becomes: 'ended',
  },
  {
    title: 'a second leg of the device that has the call is turned away',
    given: [...ACCEPTED, it.comes('alice')],
    when: it.comes('alice'),
    then: ["BYE alice's own: Call completed elsewhere"],
    becomes: 'connecting',
  },
  {
    title: 'a device that comes by itself after another answered is turned away',
    given: ANSWERED,
    when: it.comes('tablet'),
    then: ["BYE tablet's own: Call completed elsewhere"],
    becomes: 'connecting',
  },
]

export const connecting: readonly Scenario[] = [...connectingPlainly, ...connectingEarly]

export const bridged: readonly Scenario[] = [
  {
    title: 'the caller hangs up, and the phone is told with the same reason',
    given: TALKING,
    when: it.hangsUp('caller', 'Q.850;cause=16'),
    then: ['BYE alice: Q.850;cause=16', 'ended: hung-up by caller 200'],
    becomes: 'ended',
  },
  {
    title: 'the phone hangs up, and the caller is told with the same reason',
    given: TALKING,
    when: it.hangsUp('alice', 'Q.850;cause=16'),
    then: ['BYE caller: Q.850;cause=16', 'ended: hung-up by callee 200'],
    becomes: 'ended',
  },
  {
    title: 'the caller hangs up without a reason',
    given: TALKING,
    when: it.hangsUp('caller'),
    then: ['BYE alice: Normal call clearing', 'ended: hung-up by caller 200'],
    becomes: 'ended',
  },
  {
    title: 'neither side sends media any more',
    given: TALKING,
    when: it.noMedia,
    then: ['BYE alice: Media timeout', 'BYE caller: Media timeout', 'ended: media-timeout by server 200'],
    becomes: 'ended',
  },
  {
    title: 'a phone that was cancelled answers all the same, and is hung up',
    given: [...ANSWERED, it.joined],
    when: it.answers('tablet'),
    then: ['BYE tablet: Call completed elsewhere'],
    becomes: 'bridged',
  },
  {
    title: 'a device comes by itself to a call that another has, and is turned away',
    given: TALKING,
    when: it.comes('tablet'),
    then: ["BYE tablet's own: Call completed elsewhere"],
    becomes: 'bridged',
  },
  {
    title: 'a device that came by itself hangs up',
    given: [...EARLY, it.comes('alice'), it.joined],
    when: it.hangsUp("alice's own"),
    then: ['BYE caller: Normal call clearing', 'ended: hung-up by callee 200'],
    becomes: 'ended',
  },
  {
    title: 'a phone that was cancelled says so',
    given: [...ANSWERED, it.joined],
    when: it.fails('tablet', 487),
    then: [],
    becomes: 'bridged',
  },
  {
    title: 'a CANCEL that comes after the 200 is too late',
    given: TALKING,
    when: it.callerCancels(),
    then: [],
    becomes: 'bridged',
  },
  {
    title: 'the gateway of the caller is lost',
    given: TALKING,
    when: it.gatewayLost('caller'),
    then: ['BYE alice: Server lost', 'ended: engine-lost by server 200'],
    becomes: 'ended',
  },
  {
    title: 'the gateway of the phone is lost',
    given: TALKING,
    when: it.gatewayLost('alice'),
    then: ['BYE caller: Server lost', 'ended: engine-lost by server 200'],
    becomes: 'ended',
  },
  {
    title: 'the media engine is lost',
    given: TALKING,
    when: it.mediaLost,
    then: ['BYE alice: Server lost', 'BYE caller: Server lost', 'ended: engine-lost by server 200'],
    becomes: 'ended',
  },
  {
    title: 'the server shuts down',
    given: TALKING,
    when: it.drained,
    then: [
      'BYE alice: Server shutting down',
      'BYE caller: Server shutting down',
      'ended: drained by server 200',
    ],
    becomes: 'ended',
  },
]
