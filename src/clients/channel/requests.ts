import type { CallControl, CallRefusal, CallView, Decline, RedirectTarget } from '../../ports/call-control.js'
import type { ClientCalls } from '../../ports/client-calls.js'
import type {
  DeviceView,
  InitiatorView,
  InvitationControl,
  InvitationRefusal,
} from '../../ports/invitation-control.js'
import type { Refused, Tokens } from '../tokens/tokens.js'
import { hangUpOwn, performCalling } from './calling.js'
import type { ClientRequest } from './client-message.js'
import type { ChannelIdentity } from './identity.js'
import type { PresenceRequest } from './presence-flow.js'
import { CALL_PROBLEMS, INVITATION_PROBLEMS, problem, tokenProblem } from './problems.js'
import type { Result } from './server-message.js'
import { callState, invitationJson } from './views.js'

export interface RequestDeps {
  readonly calls: CallControl
  readonly invitations: InvitationControl
  /** Calls that clients make. */
  readonly clientCalls: ClientCalls
  readonly tokens: Pick<Tokens, 'verifyCall' | 'verifyInvitation'>
}

/** Seconds that an invitation is open where the initiator does not say. */
export const DEFAULT_EXPIRES = 60

export type Outcome = DistributiveOmit<Result, 'type' | 'ref'>
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** Does what a client asks for. Rejects with StoreUnavailable. */
export async function perform(
  who: ChannelIdentity,
  request: Exclude<ClientRequest, PresenceRequest>,
  deps: RequestDeps,
): Promise<Outcome> {
  switch (request.type) {
    case 'accept':
    case 'decline':
      return performOnCall(who, request, deps)
    case 'hangup':
      return hangUp(who, request, deps)
    case 'call':
    case 'reoffer':
    case 'info':
      return performCalling(who, request, deps.clientCalls)
    case 'invite':
    case 'invitation-connect':
    case 'invitation-cancel':
      if (!who.mayInvite) return problem('grant-missing', 'The token does not grant invitations.')
      return ofInvitation(await performAsInitiator(who, request, deps.invitations))
    case 'invitation-accept':
    case 'invitation-decline':
      return performAsInvited(who, request, deps)
    default:
      return request satisfies never
  }
}

type Asked<T extends ClientRequest['type']> = Extract<ClientRequest, { type: T }>

/** A call that the client made, or else one that its device was called by. */
async function hangUp(who: ChannelIdentity, request: Asked<'hangup'>, deps: RequestDeps): Promise<Outcome> {
  const { callId, token } = request
  const own = () => hangUpOwn(who, callId, deps.clientCalls)
  if (token !== undefined) return performOnCall(who, request, deps)
  if (who.address.device === null || deps.clientCalls.owns(who, callId)) {
    return (await own()) ?? performOnCall(who, request, deps)
  }
  const outcome = await performOnCall(who, request, deps)
  // It may be one that it made by way of another node.
  const foreign = !outcome.ok && outcome.problem.type === '/problems/token-foreign'
  return (foreign ? await own() : undefined) ?? outcome
}

async function performOnCall(
  who: ChannelIdentity,
  request: Asked<'accept' | 'decline' | 'hangup'>,
  { calls, tokens }: RequestDeps,
): Promise<Outcome> {
  const { callId, token } = request
  const device = await deviceOf(who, token, async (given) => {
    const claims = await tokens.verifyCall(given)
    return 'fault' in claims ? claims : { subject: claims.callId, deviceId: claims.deviceId }
  })
  if ('problem' in device) return device
  if (device.subject !== undefined && device.subject !== callId) {
    return problem('token-foreign', 'The token is for another call.')
  }
  const { deviceId } = device
  switch (request.type) {
    case 'accept':
      return ofCall(
        await calls.accept(callId, deviceId, request.sdp === undefined ? {} : { sdp: request.sdp }),
      )
    case 'decline': {
      const decline = declineOf(request)
      if (typeof decline === 'string') return problem('bad-request', decline)
      return ofCall(await calls.decline(callId, deviceId, decline))
    }
    case 'hangup':
      return ofCall(await calls.hangUp(callId, deviceId))
    default:
      return request satisfies never
  }
}

/** What was asked for, or what is missing for it. */
function declineOf({ reason, message, to }: Asked<'decline'>): Decline | string {
  switch (reason) {
    case 'busy':
    case 'reject':
      return { reason }
    case 'message':
      return message === undefined ? 'message: missing' : { reason, message }
    case 'redirect':
      return to === undefined ? 'to: missing' : { reason, to: targetOf(to) }
    default:
      return reason satisfies never
  }
}

function targetOf(to: { readonly user: string } | { readonly number: string }): RedirectTarget {
  return 'user' in to ? { kind: 'user', user: to.user } : { kind: 'number', number: to.number }
}

function performAsInitiator(
  { address, user }: ChannelIdentity,
  request: Asked<'invite' | 'invitation-connect' | 'invitation-cancel'>,
  invitations: InvitationControl,
): Promise<InitiatorView | InvitationRefusal> {
  switch (request.type) {
    case 'invite': {
      const { endpoints, connection, note = null, expires = DEFAULT_EXPIRES } = request
      return invitations.create(
        { ...address, user },
        { endpoints: endpoints.map((endpoint) => endpoint.user), connection, note, expiresIn: expires },
      )
    }
    case 'invitation-connect':
      return invitations.connect(request.invitation, address.client, request.devices)
    case 'invitation-cancel':
      return invitations.cancel(request.invitation, address.client)
    default:
      return request satisfies never
  }
}

async function performAsInvited(
  who: ChannelIdentity,
  request: Asked<'invitation-accept' | 'invitation-decline'>,
  { invitations, tokens }: RequestDeps,
): Promise<Outcome> {
  const { invitation: id, token } = request
  const device = await deviceOf(who, token, async (given) => {
    const claims = await tokens.verifyInvitation(given)
    return 'fault' in claims ? claims : { subject: claims.invitationId, deviceId: claims.deviceId }
  })
  if ('problem' in device) return device
  if (device.subject !== undefined && device.subject !== id) {
    return problem('token-foreign', 'The token is for another invitation.')
  }
  const { deviceId } = device
  return ofInvitation(
    request.type === 'invitation-accept'
      ? await invitations.accept(id, deviceId, request.connection)
      : await invitations.decline(id, deviceId, request.reason ?? null),
  )
}

interface Proven {
  /** What the token is for; undefined where there was none. */
  readonly subject?: string
  readonly deviceId: string
}

/** The device that is spoken for: the token's, or else the channel's own. */
async function deviceOf(
  { address }: ChannelIdentity,
  token: string | undefined,
  verify: (token: string) => Promise<Required<Proven> | Refused>,
): Promise<Proven | Extract<Outcome, { ok: false }>> {
  if (token === undefined) {
    if (address.device !== null) return { deviceId: address.device }
    return problem('token-missing', 'The channel is no device’s, and there is no token.')
  }
  const claims = await verify(token)
  return 'fault' in claims ? problem(tokenProblem(claims), 'The token is not taken.') : claims
}

function ofCall(done: CallView | CallRefusal): Outcome {
  if (done.kind === 'refused') return problem(CALL_PROBLEMS[done.why], done.detail)
  return { ok: true, call: callState(done) }
}

function ofInvitation(done: InitiatorView | DeviceView | InvitationRefusal): Outcome {
  if (done.kind === 'refused') return problem(INVITATION_PROBLEMS[done.why], done.detail)
  return { ok: true, invitation: invitationJson(done) }
}
