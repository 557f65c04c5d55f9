import { app } from '../vocabulary.js'
import * as it from './happenings.js'
import type { Scenario } from './scenario.js'

const BOTH = it.found([app('alice', 1), app('tablet', null)])
const ASLEEP = it.found([app('alice', null), app('tablet', null)])
const ONCE_ACCEPTED = [it.reported('accepted'), BOTH]
/** Alice has accepted, and her device is awaited. */
const ACCEPTED = [it.reported('accepted'), ASLEEP, it.pushTaken('alice'), it.accepts('alice')]
/** Alice has answered; the cell phone was told to reject. */
export const TAKEN = [...ONCE_ACCEPTED, it.answers('alice')]

/** The look-up between two steps goes on whether the caller is there or not. */
export const expectedInRouting: readonly Scenario[] = [
  {
    title: 'the forwarded caller that comes during a look-up is held once somebody is found',
    given: [it.reported(), it.forwarded],
    when: it.found([app('alice', 1)]),
    then: ['INVITE alice on flow 1', 'hold the caller: ringing'],
    becomes: 'waiting',
  },
  {
    title: 'the caller that is being answered during a look-up is not told of a second one',
    given: [
      ...[it.reported('accepted', { accept: 'answer' }), it.found([app('alice', null)], it.thenBob)],
      ...[it.accepts('alice'), it.forwarded, it.timeIsUp('second-response')],
    ],
    when: it.forwarded,
    then: [],
    becomes: 'routing',
  },
  {
    title: 'an expected caller is not held',
    given: [it.reported()],
    when: it.found([app('alice', 1)]),
    then: ['INVITE alice on flow 1'],
    becomes: 'waiting',
  },
  {
    title: 'the carrier forwards nothing, and it is noticed during a look-up',
    given: [it.reported(), it.cell('rejected')],
    when: it.timeIsUp('forward'),
    then: ['ended: not-forwarded by server 480', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the subscriber answers on the cell phone during a look-up',
    given: [it.reported()],
    when: it.cell('answered'),
    then: ['ended: answered-on-primary by callee 200', 'released'],
    becomes: 'ended',
  },
]

/** A user has accepted, and neither device nor caller is there. */
export const expectedAfterAccept: readonly Scenario[] = [
  {
    title: 'the forwarded caller hears that somebody has accepted',
    given: ACCEPTED,
    when: it.forwarded,
    then: ['hold the caller: ringing', 'connecting tone to the caller'],
    becomes: 'accepted',
  },
  {
    title: 'the forwarded caller is answered where somebody has accepted, by choice of its trunk',
    given: [it.reported('accepted', { accept: 'answer' }), ASLEEP, it.accepts('alice')],
    when: it.forwarded,
    then: ['200 to the caller, ahead of a device'],
    becomes: 'accepted',
  },
  {
    title: 'the caller that has come after an accept is not told of a second one',
    given: [...ACCEPTED, it.forwarded],
    when: it.forwarded,
    then: [],
    becomes: 'accepted',
  },
  {
    title: 'the device that accepted comes before the caller, and waits for it',
    given: [...ACCEPTED, it.registers('alice', 1)],
    when: it.answers('alice'),
    then: ['comfort audio to alice'],
    becomes: 'expecting',
  },
  {
    title: 'the device that accepted comes after the caller',
    given: [...ACCEPTED, it.registers('alice', 1), it.forwarded],
    when: it.answers('alice'),
    then: ['join alice'],
    becomes: 'connecting',
  },
  {
    title: 'the carrier forwards nothing, and the device that accepted hears so',
    given: ACCEPTED,
    when: it.timeIsUp('forward'),
    then: ['tell alice: The call was not forwarded', 'ended: not-forwarded by server 480', 'released'],
    becomes: 'ended',
  },
]

/** A device has the call, and waits for its caller. */
export const expecting: readonly Scenario[] = [
  {
    title: 'the forwarded call is joined to the device that waits for it',
    given: TAKEN,
    when: it.forwarded,
    then: ['join alice'],
    becomes: 'connecting',
  },
  {
    title: 'the forwarded call is joined to a device that came by itself',
    given: [it.reported(), ASLEEP, it.comes('alice')],
    when: it.forwarded,
    then: ["join alice's own"],
    becomes: 'connecting',
  },
  {
    title: 'the carrier forwards nothing: the device that waits hears so',
    given: TAKEN,
    when: it.timeIsUp('forward'),
    then: ['no caller has come for alice'],
    becomes: 'expecting',
  },
  {
    title: 'the device that waited in vain is hung up once it has heard so',
    given: [...TAKEN, it.timeIsUp('forward')],
    when: it.timeIsUp('farewell'),
    then: ['BYE alice: The call was not forwarded', 'ended: not-forwarded by server 480'],
    becomes: 'ended',
  },
  {
    title: 'a caller that comes at the last moment is joined all the same',
    given: [...TAKEN, it.timeIsUp('forward')],
    when: it.forwarded,
    then: ['join alice'],
    becomes: 'connecting',
  },
  {
    title: 'a timer that was stopped means nothing',
    given: TAKEN,
    when: it.staleTimer,
    then: [],
    becomes: 'expecting',
  },
  {
    title: 'the device that waits hangs up',
    given: TAKEN,
    when: it.hangsUp('alice', 'Q.850;cause=16'),
    then: ['ended: hung-up by callee 480', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the subscriber answers on the cell phone all the same',
    given: TAKEN,
    when: it.cell('answered'),
    then: ['BYE alice: Call completed elsewhere', 'ended: answered-on-primary by callee 200'],
    becomes: 'ended',
  },
  {
    title: 'the cell phone stops ringing, and the device that waits goes on waiting',
    given: TAKEN,
    when: it.cell('ended'),
    then: [],
    becomes: 'expecting',
  },
  {
    title:
      'the cell phone has rejected its call, and the device that waits goes on waiting as long as before',
    given: [...TAKEN, it.cell('rejected')],
    when: it.timeIsUp('forward'),
    then: ['no caller has come for alice'],
    becomes: 'expecting',
  },
  {
    title: 'a device that answers after the subscriber rejected by hand waits, and the phone is told nothing',
    given: [...ONCE_ACCEPTED, it.cell('rejected'), it.answers('alice')],
    when: it.timeIsUp('forward'),
    then: ['no caller has come for alice'],
    becomes: 'expecting',
  },
  {
    title: 'the cell phone cannot reject its call, and the device that waits is hung up',
    given: TAKEN,
    when: it.cell('failed'),
    then: ['BYE alice: Call failed', 'ended: failed by callee 500'],
    becomes: 'ended',
  },
  {
    title: 'another device comes too late',
    given: [...TAKEN],
    when: it.comes('tablet'),
    then: ["BYE tablet's own: Call completed elsewhere"],
    becomes: 'expecting',
  },
  {
    title: 'the answer of another device crosses its CANCEL',
    given: [it.reported(), it.found([app('alice', 1), app('tablet', 2)]), it.answers('alice')],
    when: it.answers('tablet'),
    then: ['BYE tablet: Call completed elsewhere'],
    becomes: 'expecting',
  },
  {
    title: 'the INVITE of another device is closed',
    given: [it.reported(), it.found([app('alice', 1), app('tablet', 2)]), it.answers('alice')],
    when: it.fails('tablet', 487),
    then: [],
    becomes: 'expecting',
  },
  {
    title: 'the gateway of the device that waits is lost',
    given: TAKEN,
    when: it.gatewayLost('alice'),
    then: ['ended: engine-lost by server 503', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the media engine is lost',
    given: TAKEN,
    when: it.mediaLost,
    then: ['BYE alice: Server lost', 'ended: engine-lost by server 503'],
    becomes: 'ended',
  },
]
