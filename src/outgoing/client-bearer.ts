import type { CallingPolicy } from '../ports/client-calls.js'
import type { Authenticator, Denial } from '../registrar/auth/authenticator.js'
import { quote } from '../sip-text/scan.js'

/** What is needed of tokens; it does not reject for whatever is wrong with one. */
export interface ClientTokens {
  verifyClient(token: string): Promise<
    | {
        readonly user: string
        readonly deviceId?: string
        readonly grants: { readonly outgoing?: CallingPolicy; readonly incoming?: true }
      }
    | { readonly fault: string }
  >
}

/** The grant that a call needs, and the scope of the challenge. */
const SCOPE = 'outgoing'

export interface ClientBearerOptions {
  readonly realm: string
  readonly tokens: ClientTokens
  /**
   * Whether there is such a user; asked at each request, so that a reloaded configuration takes effect. A token that
   * grants `incoming` may be of a client that no configuration knows.
   */
  readonly isUser: (name: string) => boolean
}

/** Bearer (RFC 8898) for INVITEs: who calls, by a client token, and whom it may call. */
export function createClientBearer({ realm, tokens, isUser }: ClientBearerOptions): Authenticator {
  return {
    scheme: 'bearer',
    challenges: ({ error }) => (error === undefined ? [] : [bearerChallenge(realm, error)]),
    async verify([first]) {
      if (first?.token === undefined) return deny('malformed')
      const claims = await tokens.verifyClient(first.token)
      if ('fault' in claims) return deny(claims.fault)
      const { user, deviceId, grants } = claims
      if (grants.incoming === undefined && !isUser(user)) return deny('there is no such user any more')
      return {
        kind: 'granted',
        user,
        calling: grants.outgoing ?? null,
        ...(deviceId === undefined ? {} : { deviceId }),
      }
    },
  }
}

/** RFC 6750 §3.1. */
export function bearerChallenge(realm: string, error: 'invalid_token' | 'insufficient_scope'): string {
  return `Bearer realm=${quote(realm)}, scope="${SCOPE}", error="${error}"`
}

function deny(why: string): Denial {
  const error = 'invalid_token'
  return { kind: 'denied', why: `token: ${why}`, stale: false, routine: why === 'expired', error }
}
