import { app } from '../vocabulary.js'
import * as it from './happenings.js'
import type { Scenario } from './scenario.js'

/** The caller is being answered. */
const ANSWERING = [it.invited('early-media'), it.directed()]
/** It is, and hears what it is to hear. */
const HEARING = [...ANSWERING, it.callerAnswered]
const UNANSWERED = it.directed({ answer: false })
/** The caller has no answer, and its early media is on the way. */
const BEING_HELD = [it.invited('queued'), UNANSWERED]
/** A provisional without audio is on the way. */
const QUEUED = [it.invited('queued'), it.deliberates, UNANSWERED]
const EARLY = [...BEING_HELD, it.held]
/** Alice's INVITE was cancelled, and has no final answer yet. */
const ALICE_CANCELLED = [
  ...[it.invited(), it.found([app('alice', 1)], it.thenBob), it.timeIsUp('hold')],
  ...[it.directed(), it.callerAnswered],
]

const toBob = it.directed({ next: { kind: 'user', user: 'bob' } })
/** Four targets one after another, and then one that leads on. */
const CIRCLE = [it.invited(), ...[1, 2, 3, 4].map(() => it.found([], it.thenBob)), toBob, it.callerAnswered]

const beginning: readonly Scenario[] = [
  {
    title: 'it is performed as soon as the caller has its answer',
    given: ANSWERING,
    when: it.callerAnswered,
    then: ['perform: play welcome.wav'],
    becomes: 'performing',
  },
  {
    title: 'it is performed unanswered as soon as the caller has its early media',
    given: BEING_HELD,
    when: it.held,
    then: ['perform: play welcome.wav'],
    becomes: 'performing',
  },
  {
    title: 'a caller with a provisional that has no audio gets early media after it',
    given: QUEUED,
    when: it.held,
    then: ['hold the caller: early-media'],
    becomes: 'performing',
  },
  {
    title: 'it begins once',
    given: EARLY,
    when: it.held,
    then: [],
    becomes: 'performing',
  },
  {
    title: 'the caller that is being answered still waits for that',
    given: ANSWERING,
    when: it.held,
    then: [],
    becomes: 'performing',
  },
  {
    title: 'the caller cannot be answered',
    given: ANSWERING,
    when: it.notHeld,
    then: ['488 to the caller', 'ended: not-acceptable by server 488', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the caller cannot be held',
    given: BEING_HELD,
    when: it.notHeld,
    then: ['488 to the caller', 'ended: not-acceptable by server 488', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the caller does not get its answer in time, and the call goes on without',
    given: ANSWERING,
    when: it.timeIsUp('perform'),
    then: ['look up instructions desk 2'],
    becomes: 'routing',
  },
]

const ending: readonly Scenario[] = [
  {
    title: 'the caller has heard it, and its instructions are asked again',
    given: HEARING,
    when: it.performed(),
    then: ['look up instructions desk 2'],
    becomes: 'routing',
  },
  {
    title: 'it takes longer than it may, and is broken off',
    given: HEARING,
    when: it.timeIsUp('perform'),
    then: ['stop performing', 'look up instructions desk 2'],
    becomes: 'routing',
  },
  {
    title: 'the end of an earlier one is told again',
    given: [...HEARING, it.performed(), it.directed()],
    when: it.performed('before'),
    then: [],
    becomes: 'performing',
  },
  {
    title: 'a timer that was stopped fires',
    given: [...HEARING, it.performed(), it.directed()],
    when: it.staleTimer,
    then: [],
    becomes: 'performing',
  },
  {
    title: 'an unanswered caller hears its provisional again each minute',
    given: EARLY,
    when: it.timeIsUp('reassure'),
    then: ['repeat the provisional'],
    becomes: 'performing',
  },
  {
    title: 'the caller hangs up while it listens',
    given: HEARING,
    when: it.hangsUp('caller', 'Q.850;cause=16'),
    then: ['stop performing', 'ended: hung-up by caller 200', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the caller gives up while it listens unanswered',
    given: EARLY,
    when: it.callerCancels(),
    then: ['stop performing', 'ended: cancelled by caller 487', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the caller gives up before there is anything to hear',
    given: BEING_HELD,
    when: it.callerCancels(),
    then: ['ended: cancelled by caller 487', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the media engine is lost',
    given: HEARING,
    when: it.mediaLost,
    then: ['stop performing', 'BYE caller: Server lost', 'ended: engine-lost by server 200'],
    becomes: 'ended',
    detail: 'the media engine was lost',
  },
  {
    title: 'the gateway of the caller is lost',
    given: HEARING,
    when: it.gatewayLost('caller'),
    then: ['stop performing', 'ended: engine-lost by server 200', 'released'],
    becomes: 'ended',
  },
  {
    title: 'the server goes down',
    given: HEARING,
    when: it.drained,
    then: ['stop performing', 'BYE caller: Server shutting down', 'ended: drained by server 200'],
    becomes: 'ended',
  },
  {
    title: 'targets that lead in a circle end the call',
    given: CIRCLE,
    when: it.performed(),
    then: ['BYE caller: Call failed', 'ended: failed by server 200'],
    becomes: 'ended',
    detail: 'the chain of targets is a loop',
  },
]

const others: readonly Scenario[] = [
  {
    title: 'the phone that was called before answers too late',
    given: ALICE_CANCELLED,
    when: it.answers('alice'),
    then: ['BYE alice: Call completed elsewhere'],
    becomes: 'performing',
  },
  {
    title: 'the phone that was called before has heard its CANCEL',
    given: ALICE_CANCELLED,
    when: it.fails('alice', 487),
    then: [],
    becomes: 'performing',
  },
  {
    title: 'the phone that was called before comes by itself',
    given: ALICE_CANCELLED,
    when: it.comes('alice'),
    then: ["BYE alice's own: Call completed elsewhere"],
    becomes: 'performing',
  },
  {
    title: 'the gateway of the phone that was called before is lost',
    given: ALICE_CANCELLED,
    when: it.gatewayLost('alice'),
    then: [],
    becomes: 'performing',
  },
  {
    title: 'nobody is rung for a phone that registers',
    given: HEARING,
    when: it.registers('alice', 1),
    then: [],
    becomes: 'performing',
  },
]

export const performing: readonly Scenario[] = [...beginning, ...ending, ...others]
