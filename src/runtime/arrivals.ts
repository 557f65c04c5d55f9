import type { Tokens } from '../clients/tokens/tokens.js'
import type { Final, Headers, IncomingCall } from '../ports/signaling.js'
import { reasonOf } from '../call/ending.js'
import { parseCredentials } from '../sip-text/credentials.js'
import { parseUri } from '../sip-text/uri.js'
import type { EndedCalls } from './ended-calls.js'
import type { LiveCall } from './live-call.js'

export interface ArrivalsDeps {
  readonly tokens: Pick<Tokens, 'verifyCall'>
  readonly realm: string
  readonly live: (callId: string) => LiveCall | undefined
  readonly ended: EndedCalls
}

/** Our ids of calls, and nobody's number or name. */
const CALL_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The call that an INVITE is to come into: its Request-URI is `sip:<call id>@…`. Undefined where it names no call. */
export function callNamedBy(invite: Pick<IncomingCall, 'uri'>): string | undefined {
  const uri = parseUri(invite.uri)
  const user = uri?.kind === 'sip' ? uri.user : undefined
  return user !== undefined && CALL_ID.test(user) ? user : undefined
}

/**
 * Lets a device into the call that it was woken for, by the call token in its INVITE (RFC 8898). Resolves to undefined
 * where it is in; otherwise to its final answer.
 */
export async function letIn(
  invite: IncomingCall,
  callId: string,
  deps: ArrivalsDeps,
): Promise<{ readonly final: Final; readonly why: string } | undefined> {
  const token = tokenOf(invite)
  const claims = token === undefined ? undefined : await deps.tokens.verifyCall(token)
  if (claims === undefined) return refuse(401, 'no call token', [challenge(deps.realm)])
  if ('fault' in claims) {
    const why = `call token: ${claims.fault}`
    return refuse(401, why, [challenge(deps.realm, 'invalid_token')])
  }
  if (claims.callId !== callId) return refuse(403, 'the call token is for another call')
  const ended = deps.ended.find(callId)
  if (ended !== undefined) return refuse(480, 'the call is over', [['Reason', reasonOf(ended.view.ending)]])
  const call = deps.live(callId)
  if (call === undefined) return refuse(404, `call ${callId} is not on this node`)
  switch (call.arrived(invite, claims.deviceId)) {
    case 'in':
      return undefined
    case 'used':
      return refuse(403, 'the call token was used for an INVITE before')
    case 'not-invited':
      return refuse(403, 'the call is none of this device')
  }
}

function tokenOf(invite: IncomingCall): string | undefined {
  const [credentials] = invite.headers('authorization').flatMap((value) => parseCredentials(value) ?? [])
  return credentials?.scheme === 'bearer' ? credentials.token : undefined
}

function challenge(realm: string, error?: string): readonly [string, string] {
  return ['WWW-Authenticate', `Bearer realm="${realm}"${error === undefined ? '' : `, error="${error}"`}`]
}

function refuse(status: number, why: string, headers: Headers = []): { final: Final; why: string } {
  return { final: { status, headers }, why }
}
