import type { ShownCaller } from '../ports/primary-calls.js'
import type { IncomingCall, SipRequest } from '../ports/signaling.js'
import type { Trunk } from '../routing/table.js'
import { type CallerIdentity, callerOf } from './caller-identity.js'

/** Where a call comes from: the caller's INVITE, or the word of a cell phone that rings, whose INVITE is expected. */
export interface CallOrigin {
  /** What INVITEs of ours take over from; of an expected caller there is nothing to take. */
  readonly request: SipRequest
  readonly identity: CallerIdentity
  /** The request came from within our trust domain (RFC 3325). */
  readonly trusted: boolean
  /** Name of the trunk; null while the caller is expected. */
  readonly trunk: string | null
}

export function originOf(invite: IncomingCall, trunk: Trunk): CallOrigin {
  const { trusted, name } = trunk
  return { request: invite, identity: callerOf(invite, trusted), trusted, trunk: name }
}

/**
 * @param gateway by which calls go out that no registration leads by
 * @param caller as the phone showed it
 */
export function expectedOrigin(callId: string, gateway: string, caller: ShownCaller): CallOrigin {
  return {
    request: {
      ...{ method: 'INVITE', uri: '', callId, gateway, body: '', contentType: undefined },
      source: { protocol: '', address: '', port: 0 },
      header: () => undefined,
      headers: () => [],
    },
    identity: { user: caller.number, name: caller.name },
    trusted: false,
    trunk: null,
  }
}
