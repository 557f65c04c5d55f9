import type { Final, Headers, SipRequest } from '../../ports/signaling.js'
import type { Authenticator, Denial } from '../../registrar/auth/authenticator.js'
import { createGate } from '../../registrar/gate.js'
import { quote } from '../../sip-text/scan.js'

/** Who reads presence by SIP. */
export interface SipReader {
  readonly kind: 'reader'
  /** For the log. */
  readonly name: string
  /**
   * `*`: that of everybody. As it stands when it is asked: a token may have been revoked since it was shown, and the
   * configuration edited.
   */
  mayRead(user: string): boolean
  /** Until when what was shown is good, microseconds since the epoch. */
  readonly provenUntil: number
  /** Of a 403: which grant was missing. */
  readonly denied: Headers
}

export interface NoReader {
  readonly kind: 'refused'
  readonly final: Final
  readonly why: string
  /** Every phone is refused so now and then: a challenge. */
  readonly routine: boolean
}

/** What is needed of tokens; it does not reject for whatever is wrong with one. */
export interface ReaderTokens {
  verifyClient(token: string): Promise<
    | {
        readonly client: string
        readonly user: string
        readonly jti: string
        readonly issuedAt: number
        readonly expiresAt: number
        readonly grants: { readonly presence?: { readonly read?: readonly string[] } }
      }
    | { readonly fault: string }
  >
}

export interface ReadingGateDeps {
  readonly realm: string
  readonly tokens: ReaderTokens
  /** Whether a token is good no more that was when it was shown. */
  readonly revoked: (token: Pick<Shown, 'client' | 'jti' | 'issuedAt'>) => boolean
  /** Passwords. */
  readonly digest: Authenticator
  /** Undefined where there is no such user, or none with a password. */
  readonly passwordOf: (user: string) => string | undefined
  /** Name of the trunk whose phones may read, by the address that a request came from. */
  readonly trunkOf: (address: string) => string | undefined
  /** Whom the configuration lets the phones of a user read. */
  readonly watchedBy: (user: string) => readonly string[]
}

/** The grant that a token needs, and the scope of the challenge. */
const SCOPE = 'presence'

/** What a token was shown to grant. */
interface Shown {
  readonly client: string
  readonly jti: string
  readonly issuedAt: number
  /** Null: nothing. */
  readonly patterns: readonly string[] | null
  readonly expiresAt: number
}

/** Tells who sends a SUBSCRIBE: a phone behind a trunk that may, a user by password, a client by token. */
export function createReadingGate(
  deps: ReadingGateDeps,
): (request: SipRequest) => Promise<SipReader | NoReader> {
  const { realm, tokens, revoked, digest, passwordOf, trunkOf, watchedBy } = deps
  const denied = [['WWW-Authenticate', challenge(realm, 'insufficient_scope')]] as const
  return async (request) => {
    // A client behind the address of a trunk says so by what it shows.
    const shows = request.header('authorization') !== undefined
    const { address } = request.source
    const trunk = shows ? undefined : trunkOf(address)
    if (trunk !== undefined) {
      const readable = () => (trunkOf(address) === undefined ? [] : ['*'])
      return reader({ name: `trunk ${trunk}`, readable, provenUntil: Infinity, denied: [] })
    }
    let shown: Shown | undefined
    const gate = createGate([bearerFor(realm, tokens, (token) => (shown = token)), digest])
    const sender = await gate.identify(request)
    if (sender.kind === 'refused') {
      const { response: final, why, routine } = sender
      return { kind: 'refused', final, why, routine }
    }
    const { user: name } = sender
    if (shown === undefined) {
      const password = passwordOf(name)
      // A password that was changed may have been known to others.
      const proven = () => password !== undefined && passwordOf(name) === password
      const readable = () => (proven() ? [name, ...watchedBy(name)] : [])
      return reader({ name, readable, provenUntil: Infinity, denied: [] })
    }
    const token = shown
    const { patterns, expiresAt: provenUntil } = token
    const readable = () => (patterns === null || revoked(token) ? [] : [name, ...patterns])
    return reader({ name, readable, provenUntil, denied })
  }
}

function reader({
  readable,
  ...rest
}: Omit<SipReader, 'kind' | 'mayRead'> & { readonly readable: () => readonly string[] }): SipReader {
  return {
    ...{ kind: 'reader', ...rest },
    mayRead: (user) => readable().some((pattern) => pattern === '*' || pattern === user),
  }
}

/** Bearer (RFC 8898) with client tokens; whether they grant `presence` is looked at when it is known whose is asked for. */
function bearerFor(realm: string, tokens: ReaderTokens, show: (shown: Shown) => void): Authenticator {
  const deny = (why: string): Denial => {
    const error = 'invalid_token'
    return { kind: 'denied', why: `token: ${why}`, stale: false, routine: why === 'expired', error }
  }
  return {
    scheme: 'bearer',
    challenges: ({ error }) => (error === undefined ? [] : [challenge(realm, error)]),
    async verify([first]) {
      if (first?.token === undefined) return deny('malformed')
      const claims = await tokens.verifyClient(first.token)
      if ('fault' in claims) return deny(claims.fault)
      const { user, grants, ...token } = claims
      show({ ...token, patterns: grants.presence === undefined ? null : (grants.presence.read ?? []) })
      return { kind: 'granted', user }
    },
  }
}

/** RFC 6750 §3.1. */
function challenge(realm: string, error: 'invalid_token' | 'insufficient_scope'): string {
  return `Bearer realm=${quote(realm)}, scope="${SCOPE}", error="${error}"`
}
