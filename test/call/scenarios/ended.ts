import { app } from '../vocabulary.js'
import * as it from './happenings.js'
import { ANSWERING } from './accepted.js'
import { ANSWERED, TALKING } from './joined.js'
import type { Scenario } from './scenario.js'

/** The caller gave up while alice rang; her CANCEL is on its way. */
export const CANCELLED = [it.invited(), it.found([app('alice', 1)]), it.rings('alice'), it.callerCancels()]
/** The phone hung up while the caller's 200 was on its way. */
const HUNG_UP_AT_ONCE = [...ANSWERED, it.fails('tablet', 487), it.hangsUp('alice')]

export const ended: readonly Scenario[] = [
  {
    title: 'a call is forgotten once its last leg is closed',
    given: CANCELLED,
    when: it.fails('alice', 487),
    then: ['released'],
    becomes: 'ended',
  },
  {
    title: 'a call is not forgotten before its caller has answered the BYE',
    given: [...TALKING, it.noMedia],
    when: it.hangsUp('alice'),
    then: [],
    becomes: 'ended',
  },
  {
    title: 'a call is forgotten once its caller has answered the BYE',
    given: [...TALKING, it.hangsUp('alice')],
    when: it.hangsUp('caller'),
    then: ['released'],
    becomes: 'ended',
  },
  {
    title: 'a phone that answers a call that was cancelled is hung up with the reason of its end',
    given: CANCELLED,
    when: it.answers('alice'),
    then: ['BYE alice: Caller cancelled'],
    becomes: 'ended',
  },
  {
    title: 'a caller that gets its 200 after the phone hung up is hung up as well',
    given: HUNG_UP_AT_ONCE,
    when: it.joined,
    then: ['BYE caller: Normal call clearing'],
    becomes: 'ended',
  },
  {
    title: 'a caller that could not be joined before the phone hung up is refused',
    given: HUNG_UP_AT_ONCE,
    when: it.notJoined,
    then: ['480 to the caller', 'released'],
    becomes: 'ended',
  },
  {
    title: 'a caller that cancels after the phone hung up needs no answer',
    given: HUNG_UP_AT_ONCE,
    when: it.callerCancels(),
    then: ['released'],
    becomes: 'ended',
  },
  {
    title: 'the gateway on which the last leg was to close is lost',
    given: CANCELLED,
    when: it.gatewayLost('alice'),
    then: ['released'],
    becomes: 'ended',
  },
  {
    title: 'the gateway of a caller that was being hung up is lost',
    given: [...TALKING, it.hangsUp('alice')],
    when: it.gatewayLost('caller'),
    then: ['released'],
    becomes: 'ended',
  },
  {
    title: 'a leg that never closes is named, and the call is forgotten',
    given: [...TALKING, it.noMedia, it.hangsUp('caller')],
    when: it.timeIsUp('settle'),
    then: ['released without alice'],
    becomes: 'ended',
  },
  {
    title: 'a caller that never answers its BYE is named too',
    given: [...TALKING, it.hangsUp('alice')],
    when: it.timeIsUp('settle'),
    then: ['released without caller'],
    becomes: 'ended',
  },
  {
    title: 'a call that is forgotten stays so, though a leg closes at last',
    given: [...CANCELLED, it.timeIsUp('settle')],
    when: it.fails('alice', 487),
    then: [],
    becomes: 'ended',
  },
  {
    title: 'a device that comes by itself after the end is turned away with the reason of the end',
    given: CANCELLED,
    when: it.comes('alice'),
    then: ["BYE alice's own: Caller cancelled"],
    becomes: 'ended',
  },
  {
    title: 'a device that comes by itself when the call is forgotten is turned away all the same',
    given: [...CANCELLED, it.fails('alice', 487)],
    when: it.comes('alice'),
    then: ["BYE alice's own: Caller cancelled"],
    becomes: 'ended',
  },
  {
    title: 'a call is not forgotten before the device that was turned away is gone',
    given: [...CANCELLED, it.comes('alice'), it.fails('alice', 487)],
    when: it.hangsUp("alice's own"),
    then: ['released'],
    becomes: 'ended',
  },
  {
    title: 'a caller that gets its early 200 after the end is hung up with the reason of the end',
    given: [...ANSWERING, it.mediaLost],
    when: it.callerAnswered,
    then: ['BYE caller: Server lost'],
    becomes: 'ended',
  },
  {
    title: 'a caller whose early 200 fails after the end is refused',
    given: [...ANSWERING, it.mediaLost],
    when: it.notHeld,
    then: ['503 to the caller', 'released'],
    becomes: 'ended',
  },
  {
    title: 'a phone that registers after the end is not called',
    given: CANCELLED,
    when: it.registers('alice', 2),
    then: [],
    becomes: 'ended',
  },
]
