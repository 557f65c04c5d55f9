import type { ShownCaller } from '../ports/primary-calls.js'
import type { IncomingCall, SipRequest } from '../ports/signaling.js'
import type { Permitted } from '../outgoing/outgoing.js'
import type { Trunk } from '../routing/table.js'
import { type CallerIdentity, callerOf } from './caller-identity.js'

/** Where a call comes from: the caller's INVITE, or the word of a cell phone that rings, whose INVITE is expected. */
export interface CallOrigin {
  /** What INVITEs of ours take over from; of an expected caller there is nothing to take. */
  readonly request: SipRequest
  readonly identity: CallerIdentity
  /** The request came from within our trust domain (RFC 3325). */
  readonly trusted: boolean
  /** Name of the trunk; null while the caller is expected, and of a client's call. */
  readonly trunk: string | null
  /** Name of the client that calls. */
  readonly client: string | null
  /** The number that we vouch for to those who trust us (RFC 3325), where no asserted one came with the request. */
  readonly asserted: string | null
}

export function originOf(invite: IncomingCall, trunk: Trunk): CallOrigin {
  const { trusted, name } = trunk
  return {
    request: invite,
    identity: callerOf(invite, trusted),
    trusted,
    trunk: name,
    client: null,
    asserted: null,
  }
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
    client: null,
    asserted: null,
  }
}

/** Of a client's request nothing goes on but what is the callee's: who calls, we say. */
const CLIENT_HEADERS: ReadonlySet<string> = new Set(['max-forwards', 'user-to-user'])

/** @param gateway by which calls go out that no registration leads by */
export function clientOrigin(invite: IncomingCall, permitted: Permitted, gateway: string): CallOrigin {
  const { client, identity, asserted } = permitted
  // The asserted number goes on where it is not to be shown (RFC 3323 §4.2, RFC 3325 §7).
  const privacy = identity.user === null ? ['id'] : []
  const headers = (name: string): readonly string[] => {
    const lower = name.toLowerCase()
    if (lower === 'privacy') return privacy
    return CLIENT_HEADERS.has(lower) ? invite.headers(name) : []
  }
  const { method, uri, callId, source, body, contentType } = invite
  return {
    request: {
      header: (name) => headers(name)[0],
      ...{ method, uri, callId, gateway, source, body, contentType, headers },
    },
    ...{ identity, trusted: false, trunk: null, client, asserted },
  }
}
