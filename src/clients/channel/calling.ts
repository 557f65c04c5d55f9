import type { CallingRefusal, CallerDone, CallerRefusal, ClientCalls } from '../../ports/client-calls.js'
import type { ClientRequest } from './client-message.js'
import type { ChannelIdentity } from './identity.js'
import { CALLER_PROBLEMS, CALLING_PROBLEMS, problem } from './problems.js'
import type { Outcome } from './requests.js'

export type CallingRequest = Extract<ClientRequest, { type: 'call' | 'reoffer' | 'info' }>

/** Calls that a client makes. Rejects with StoreUnavailable. */
export async function performCalling(
  who: ChannelIdentity,
  request: CallingRequest,
  calls: ClientCalls,
): Promise<Outcome> {
  switch (request.type) {
    case 'call': {
      const { address, user, grants } = who
      const { to, sdp, callerId, name } = request
      const own = grants.incoming !== undefined
      const asked = {
        ...{ to, sdp },
        ...(callerId === undefined ? {} : { callerId }),
        ...(name === undefined ? {} : { name }),
      }
      const outcome = await calls.call({ address, user, own, policy: grants.outgoing }, asked)
      if (outcome.kind === 'refused') return refusedCall(outcome)
      return { ok: true, call: { id: outcome.callId, state: 'ringing' } }
    }
    case 'reoffer': {
      const { callId, sdp } = request
      return done(await calls.command(who, callId, { op: 'reoffer', sdp }))
    }
    case 'info': {
      const { callId, contentType, body } = request
      return done(await calls.command(who, callId, { op: 'info', contentType, body }))
    }
    default:
      return request satisfies never
  }
}

/** Hangs a call up that the client made; undefined where it made no such call. */
export async function hangUpOwn(
  who: ChannelIdentity,
  callId: string,
  calls: ClientCalls,
): Promise<Outcome | undefined> {
  const outcome = await calls.command(who, callId, { op: 'hang-up' })
  if (outcome.kind === 'done') return { ok: true, call: { id: callId, state: 'ended' } }
  return outcome.why === 'not-found' ? undefined : done(outcome)
}

function refusedCall({ why, detail, retryAfterMs }: CallingRefusal): Outcome {
  const { problem: told } = problem(CALLING_PROBLEMS[why], detail)
  const retryAfter = retryAfterMs === undefined ? {} : { retryAfter: Math.ceil(retryAfterMs / 1000) }
  return { ok: false, problem: { ...told, ...retryAfter } }
}

function done(outcome: CallerDone | CallerRefusal): Outcome {
  if (outcome.kind === 'refused') return problem(CALLER_PROBLEMS[outcome.why], outcome.detail)
  return { ok: true, ...(outcome.sdp === undefined ? {} : { sdp: outcome.sdp }) }
}
