import type { Clock } from '../../ports/clock.js'
import {
  callPayload,
  clientPayload,
  invitationPayload,
  readCall,
  readClient,
  readInvitation,
  type CallClaims,
  type ClientClaims,
  type InvitationClaims,
  type Payload,
  type TokenFault,
} from './claims.js'
import { encodePart, isSignedBy, type Jws, readJws, signatureOf } from './jws.js'
import type { TokenKey } from './keys.js'
import { newTokenId } from './token-id.js'

export interface Refused {
  readonly fault: TokenFault
}

/**
 * Makes and checks tokens: JWTs (RFC 7519), one audience a kind. Checking is a matter of the signature, the times and
 * the audience; whether a one-time token was used before is for `TokenUses`. An expiry is rounded up to a full second.
 */
export interface Tokens {
  mintCall(claims: Omit<CallClaims, 'jti'>): Promise<string>
  /** `leewayMs`: for how long after its expiry the token is still taken. */
  verifyCall(token: string, leewayMs?: number): Promise<CallClaims | Refused>
  /** Issued now. `jti`: its id, where whoever mints wishes to know it. */
  mintClient(claims: Omit<ClientClaims, 'jti' | 'issuedAt'> & { readonly jti?: string }): Promise<string>
  verifyClient(token: string): Promise<ClientClaims | Refused>
  mintInvitation(claims: Omit<InvitationClaims, 'jti'>): Promise<string>
  verifyInvitation(token: string): Promise<InvitationClaims | Refused>
}

export interface TokensOptions {
  /** The first signs, all verify; see `loadTokenKeys`. */
  readonly keys: readonly TokenKey[]
  readonly clock: Pick<Clock, 'now'>
  /** Whether a client token was revoked; without it none is. */
  readonly revoked?: (claims: ClientClaims) => boolean
}

const AUDIENCE = {
  call: 'reveille:call',
  client: 'reveille:client',
  invitation: 'reveille:invitation',
} as const
type Audience = (typeof AUDIENCE)[keyof typeof AUDIENCE]

/** A longer one is not even parsed: no token of ours is near this long. */
const LONGEST_TOKEN = 4096

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/

/** @throws Error where there is no key, or the first one cannot sign */
export function createTokens({ keys, clock, revoked = () => false }: TokensOptions): Tokens {
  const { header, signer } = signingKey(keys)
  const byId = new Map(keys.map((key) => [key.id, key]))

  function mint(audience: Audience, payload: Payload, expiresAt: number, jti = newTokenId()): string {
    const exp = Math.ceil(expiresAt / 1_000_000)
    const signed = `${header}.${encodePart({ aud: audience, jti, exp, ...payload })}`
    return `${signed}.${signatureOf(signer, signed)}`
  }

  /** Never tried with another key or algorithm than the one that the key's owner chose (RFC 8725 §3.1). */
  function signatureFault(jws: Jws): TokenFault | undefined {
    const { kid, alg, crit } = jws.header
    // We understand no extensions, and such a one must be understood (RFC 7515 §4.1.11).
    if (crit !== undefined || typeof alg !== 'string') return 'malformed'
    const key = typeof kid === 'string' ? byId.get(kid) : undefined
    if (key === undefined) return 'unknown-key'
    // `none`, or an algorithm that is not the key's.
    return key.algorithm === alg && isSignedBy(key, jws) ? undefined : 'bad-signature'
  }

  function verify<Claims>(
    audience: Audience,
    token: string,
    read: (payload: Payload) => Claims | undefined,
    leewayMs = 0,
  ): Claims | Refused {
    if (token === '') return { fault: 'missing' }
    const jws = token.length > LONGEST_TOKEN || !COMPACT.test(token) ? undefined : readJws(token)
    if (jws === undefined) return { fault: 'malformed' }
    const fault = signatureFault(jws) ?? faultOf(jws.payload, audience, clock.now(), leewayMs)
    return fault === undefined ? (read(jws.payload) ?? { fault: 'malformed' }) : { fault }
  }

  return {
    mintCall: (claims) => soon(() => mint(AUDIENCE.call, callPayload(claims), claims.expiresAt)),
    verifyCall: (token, leewayMs) => soon(() => verify(AUDIENCE.call, token, readCall, leewayMs)),
    mintClient: ({ jti, ...claims }) => {
      const payload = { iat: Math.floor(clock.now() / 1000) / 1000, ...clientPayload(claims) }
      return soon(() => mint(AUDIENCE.client, payload, claims.expiresAt, jti))
    },
    verifyClient: (token) =>
      soon(() => {
        const claims = verify(AUDIENCE.client, token, readClient)
        return !('fault' in claims) && revoked(claims) ? { fault: 'revoked' } : claims
      }),
    mintInvitation: (claims) =>
      soon(() => mint(AUDIENCE.invitation, invitationPayload(claims), claims.expiresAt)),
    verifyInvitation: (token) => soon(() => verify(AUDIENCE.invitation, token, readInvitation)),
  }
}

/** Who asks need not know that no thread is waited for; what is thrown is a rejection for it. */
function soon<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()))
}

function signingKey([first]: readonly TokenKey[]): { header: string; signer: TokenKey } {
  if (!first?.sign) throw new Error('tokens need a first key that signs')
  return { header: encodePart({ alg: first.algorithm, kid: first.id }), signer: first }
}

/**
 * What is wrong with the times and the audience (RFC 7519 §4.1); undefined where nothing is. The token has no other
 * clock than full seconds of ours.
 */
function faultOf(
  { aud, exp, nbf, iat }: Payload,
  audience: Audience,
  now: number,
  leewayMs: number,
): TokenFault | undefined {
  // A token for several audiences would be of several kinds at once.
  if (aud !== audience) return 'wrong-audience'
  if (typeof exp !== 'number' || !isOptionalNumber(nbf) || !isOptionalNumber(iat)) return 'malformed'
  const [seconds, leeway] = [Math.floor(now / 1_000_000), leewayMs / 1000]
  if (nbf !== undefined && nbf > seconds + leeway) return 'not-yet'
  return exp <= seconds - leeway ? 'expired' : undefined
}

function isOptionalNumber(value: unknown): value is number | undefined {
  return value === undefined || typeof value === 'number'
}
