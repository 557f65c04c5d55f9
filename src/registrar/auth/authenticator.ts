import { parseCredentials, type Credentials } from '../../sip-text/credentials.js'
import type { SipRequest } from '../../ports/signaling.js'

/** What an authenticator may look at. */
export type AuthRequest = Pick<SipRequest, 'method' | 'source' | 'header'>

export interface Denial {
  readonly kind: 'denied'
  readonly why: string
  /** The secret was right, only the challenge was too old (RFC 7616 §3.3). */
  readonly stale: boolean
  /** No guess was made. */
  readonly routine: boolean
}

export type AuthVerdict =
  /** The sender is this user. */
  | { readonly kind: 'granted'; readonly user: string }
  /** Ask (again). */
  | Denial
  /** Not understood: 400. */
  | { readonly kind: 'malformed'; readonly why: string }
  /** Too many wrong guesses: not looked at. */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }

/** One authentication scheme: Digest, later Bearer (RFC 8898). */
export interface Authenticator {
  /** In lower case, as in {@link Credentials.scheme}. */
  readonly scheme: string
  /** WWW-Authenticate values, the preferred one first (RFC 8760 §2.3). */
  challenges(stale: boolean, request: AuthRequest): readonly string[]
  /** `offered`: credentials of this scheme, at least one. Never rejects. */
  verify(offered: readonly Credentials[], request: AuthRequest): AuthVerdict | Promise<AuthVerdict>
}

/** Bounds what an unknown sender can make us parse. */
const LONGEST_AUTHORIZATION = 4096
const MOST_CREDENTIALS = 8

/**
 * Lets each authenticator look at the credentials of its scheme; one that grants is enough. Otherwise the verdict of
 * the first that had something to look at.
 */
export async function authenticate(
  authenticators: readonly Authenticator[],
  request: AuthRequest & Pick<SipRequest, 'headers'>,
): Promise<AuthVerdict> {
  const values = request.headers('Authorization')
  const offered = readAuthorization(values)
  if (!offered) return { kind: 'malformed', why: 'Malformed Authorization' }
  let first: AuthVerdict | undefined
  for (const authenticator of authenticators) {
    const own = offered.filter((credentials) => credentials.scheme === authenticator.scheme)
    if (own.length === 0) continue
    const verdict = await authenticator.verify(own, request)
    if (verdict.kind === 'granted') return verdict
    first ??= verdict
  }
  return first ?? { kind: 'denied', why: 'no credentials', stale: false, routine: true }
}

function readAuthorization(values: readonly string[]): readonly Credentials[] | undefined {
  const all: Credentials[] = []
  for (const value of values) {
    const parsed = value.length > LONGEST_AUTHORIZATION ? undefined : parseCredentials(value)
    if (!parsed) return undefined
    all.push(...parsed)
  }
  return all.length > MOST_CREDENTIALS ? undefined : all
}
