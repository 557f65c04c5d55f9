import type { Ending } from '../call/ending.js'
import type { BusMessage } from '../ports/bus.js'
import type {
  CallControl,
  CallRefusal,
  CallRefusalReason,
  CallRequest,
  CallView,
} from '../ports/call-control.js'
import type { CallEventRecord, CallRecord, CallStore } from '../ports/store.js'
import type { EndedCall } from './ended-calls.js'
import type { Calls } from './calls.js'
import { RemoteCalls, type RemoteCallsDeps } from './remote-calls.js'

export interface CallControlDeps extends Omit<RemoteCallsDeps, 'answer'> {
  readonly calls: Pick<Calls, 'find' | 'ended'>
  readonly store: Pick<CallStore, 'call'>
  /** Other nodes share the database, and may have the call. */
  readonly shared: boolean
}

export interface CallDesk extends CallControl {
  heard(message: BusMessage): void
}

/**
 * Takes what devices say of calls by API to where the call is: this node, another one, or, for a call that is over, the
 * database.
 */
export function createCallControl({ calls, store, shared, ...remote }: CallControlDeps): CallDesk {
  const others = new RemoteCalls({ ...remote, answer: here })

  function here(
    callId: string,
    deviceId: string,
    request: CallRequest,
  ): Promise<CallView | CallRefusal> | undefined {
    const live = calls.find(callId)
    if (live !== undefined) return answerOf(live.answers, deviceId, request)
    const ended = calls.ended.find(callId)
    return ended === undefined ? undefined : Promise.resolve(afterTheEnd(ended, deviceId, request))
  }

  async function ask(
    callId: string,
    deviceId: string,
    request: CallRequest,
  ): Promise<CallView | CallRefusal> {
    const own = here(callId, deviceId, request)
    if (own !== undefined) return own
    const found = await store.call(callId)
    if (found !== null && found.call.ending !== null) {
      return afterTheEnd(fromJournal(found.call, found.call.ending, found.events), deviceId, request)
    }
    const told = shared ? await others.ask(callId, deviceId, request) : undefined
    if (told !== undefined) return told
    return found === null
      ? refused('not-found', `there is no call ${callId}`)
      : refused('unavailable', `the server that has call ${callId} does not answer`)
  }

  return {
    view: (callId, deviceId) => ask(callId, deviceId, { op: 'view' }),
    accept: (callId, deviceId, accept) => ask(callId, deviceId, { op: 'accept', accept }),
    decline: (callId, deviceId, decline) => ask(callId, deviceId, { op: 'decline', decline }),
    hangUp: (callId, deviceId) => ask(callId, deviceId, { op: 'hang-up' }),
    heard: (message) => others.heard(message),
  }
}

type Answers = NonNullable<ReturnType<Calls['find']>>['answers']

function answerOf(answers: Answers, deviceId: string, request: CallRequest): Promise<CallView | CallRefusal> {
  switch (request.op) {
    case 'view':
      return Promise.resolve(answers.view(deviceId))
    case 'accept':
      return answers.accept(deviceId, request.accept)
    case 'decline':
      return answers.decline(deviceId, request.decline)
    case 'hang-up':
      return answers.hangUp(deviceId)
    default:
      return request satisfies never
  }
}

function afterTheEnd(
  { view, devices, winner }: EndedCall,
  deviceId: string,
  { op }: CallRequest,
): CallView | CallRefusal {
  if (!devices.includes(deviceId)) {
    return refused('not-invited', `call ${view.callId} is none of device ${deviceId}`)
  }
  // Who hangs up what is over has what it wants.
  if (op === 'view' || op === 'hang-up') return { yours: winner === deviceId, ...view }
  return { ...refused('ended', 'the call is over'), ending: view.ending }
}

/** A call of an earlier life of this node, or of another one, as its journal tells it. */
function fromJournal(call: CallRecord, ending: Ending, events: readonly CallEventRecord[]): EndedCall {
  const pushed = new Map(
    events.flatMap(({ type, data }): [unknown, string][] =>
      type === 'push-sent' && typeof data?.['deviceId'] === 'string'
        ? [[data['attempt'], data['deviceId']]]
        : [],
    ),
  )
  const accepted = events.findLast(({ type }) => type === 'accepted' || type === 'leg-arrived')
  return {
    view: {
      kind: 'call',
      callId: call.id,
      state: 'ended',
      caller: call.from,
      callerName: null,
      callee: call.to,
      startedAt: call.startedAt,
      deadline: null,
      ending,
    },
    devices: [...pushed.values()],
    winner: pushed.get(accepted?.data?.['attempt']) ?? null,
  }
}

function refused(why: CallRefusalReason, detail: string): CallRefusal {
  return { kind: 'refused', why, detail }
}
