import { parseCredentials, type Credentials } from '../../sip-text/credentials.js'
import type { CallingPolicy } from '../../ports/client-calls.js'
import type { SipRequest } from '../../ports/signaling.js'

/** What an authenticator may look at. */
export type AuthRequest = Pick<SipRequest, 'method' | 'source' | 'callId' | 'header'>

export interface Denial {
  readonly kind: 'denied'
  readonly why: string
  /** The secret was right, only the challenge was too old (RFC 7616 §3.3). */
  readonly stale: boolean
  /** No guess was made. */
  readonly routine: boolean
  /** What is wrong with a token that was shown (RFC 6750 §3.1); undefined where none was. */
  readonly error?: TokenError
}

export type TokenError = 'invalid_token' | 'insufficient_scope'

/** The sender is this user. */
export interface Granted {
  readonly kind: 'granted'
  readonly user: string
  /** The user's device that the sender proved to be, where it did. */
  readonly deviceId?: string
  /** Whom a token that was shown lets it call; null where that grants no calls. */
  readonly calling?: CallingPolicy | null
  /**
   * Spends a proof that is good once; to be called when the request is found to be acceptable, before anything is
   * changed, so that a refused one spends nothing. Resolves to why it cannot be had, where somebody else was faster.
   * Rejects with StoreUnavailable.
   */
  redeem?(): Promise<Denial | undefined>
}

export type AuthVerdict =
  | Granted
  /** Ask (again). */
  | Denial
  /** Not understood: 400. */
  | { readonly kind: 'malformed'; readonly why: string }
  /** Too many wrong guesses: not looked at. */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }

/** One authentication scheme: Digest, Bearer (RFC 8898). */
export interface Authenticator {
  /** In lower case, as in {@link Credentials.scheme}. */
  readonly scheme: string
  /** WWW-Authenticate values, the preferred one first (RFC 8760 §2.3). */
  challenges(denial: Pick<Denial, 'stale' | 'error'>, request: AuthRequest): readonly string[]
  /** `offered`: credentials of this scheme, at least one. Never rejects. */
  verify(offered: readonly Credentials[], request: AuthRequest): AuthVerdict | Promise<AuthVerdict>
}

/** Bounds what an unknown sender can make us parse. */
const LONGEST_AUTHORIZATION = 4096
const MOST_CREDENTIALS = 8

/**
 * Lets each authenticator look at the credentials of its scheme; one that grants is enough. Otherwise the sender is
 * asked again, where each that looked would ask.
 */
export async function authenticate(
  authenticators: readonly Authenticator[],
  request: AuthRequest & Pick<SipRequest, 'headers'>,
): Promise<AuthVerdict> {
  const values = request.headers('Authorization')
  const offered = readAuthorization(values)
  if (!offered) return { kind: 'malformed', why: 'Malformed Authorization' }
  const denials: Denial[] = []
  let other: AuthVerdict | undefined
  for (const authenticator of authenticators) {
    const own = offered.filter((credentials) => credentials.scheme === authenticator.scheme)
    if (own.length === 0) continue
    const verdict = await authenticator.verify(own, request)
    if (verdict.kind === 'granted') return verdict
    if (verdict.kind === 'denied') denials.push(verdict)
    else other ??= verdict
  }
  return other ?? (denials.length === 0 ? NOTHING_SHOWN : denials.reduce(both))
}

const NOTHING_SHOWN: Denial = { kind: 'denied', why: 'no credentials', stale: false, routine: true }

function both(one: Denial, two: Denial): Denial {
  const error = one.error ?? two.error
  return {
    kind: 'denied',
    why: `${one.why}; ${two.why}`,
    stale: one.stale || two.stale,
    routine: one.routine && two.routine,
    ...(error === undefined ? {} : { error }),
  }
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
