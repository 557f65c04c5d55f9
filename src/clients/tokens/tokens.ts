import { randomBytes } from 'node:crypto'
import { errors, jwtVerify, SignJWT, type CompactJWSHeaderParameters } from 'jose'
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
import type { TokenKey } from './keys.js'

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

  function mint(
    audience: Audience,
    payload: Payload,
    expiresAt: number,
    jti = newTokenId(),
  ): Promise<string> {
    const exp = Math.ceil(expiresAt / 1_000_000)
    return new SignJWT({ ...payload, aud: audience, jti, exp }).setProtectedHeader(header).sign(signer)
  }

  /** Never tried with another key or algorithm than the one that the key's owner chose (RFC 8725 §3.1). */
  function keyOf({ kid, alg }: CompactJWSHeaderParameters) {
    const key = kid === undefined ? undefined : byId.get(kid)
    if (key === undefined) throw new errors.JWKSNoMatchingKey()
    if (key.algorithm !== alg) throw new errors.JOSEAlgNotAllowed()
    return key.verify
  }

  async function verify<Claims>(
    audience: Audience,
    token: string,
    read: (payload: Payload) => Claims | undefined,
    leewayMs = 0,
  ): Promise<Claims | Refused> {
    if (token === '') return { fault: 'missing' }
    if (token.length > LONGEST_TOKEN || !COMPACT.test(token)) return { fault: 'malformed' }
    const currentDate = new Date(clock.now() / 1000)
    try {
      const { payload } = await jwtVerify(token, keyOf, {
        ...{ audience, currentDate, requiredClaims: ['exp'] },
        clockTolerance: leewayMs / 1000,
      })
      // A token for several audiences would be of several kinds at once.
      if (payload.aud !== audience) return { fault: 'wrong-audience' }
      return read(payload) ?? { fault: 'malformed' }
    } catch (error) {
      return { fault: faultOf(error) }
    }
  }

  return {
    mintCall: (claims) => mint(AUDIENCE.call, callPayload(claims), claims.expiresAt),
    verifyCall: (token, leewayMs) => verify(AUDIENCE.call, token, readCall, leewayMs),
    mintClient: ({ jti, ...claims }) => {
      const payload = { ...clientPayload(claims), iat: Math.floor(clock.now() / 1000) / 1000 }
      return mint(AUDIENCE.client, payload, claims.expiresAt, jti)
    },
    async verifyClient(token) {
      const claims = await verify(AUDIENCE.client, token, readClient)
      return !('fault' in claims) && revoked(claims) ? { fault: 'revoked' } : claims
    },
    mintInvitation: (claims) => mint(AUDIENCE.invitation, invitationPayload(claims), claims.expiresAt),
    verifyInvitation: (token) => verify(AUDIENCE.invitation, token, readInvitation),
  }
}

/** An id for a token, which nobody can guess. */
export function newTokenId(): string {
  return randomBytes(16).toString('base64url')
}

function signingKey([first]: readonly TokenKey[]) {
  if (!first?.sign) throw new Error('tokens need a first key that signs')
  return { header: { alg: first.algorithm, kid: first.id }, signer: first.sign }
}

/** @throws whatever is no word of jose's on the token: a fault of ours */
function faultOf(error: unknown): TokenFault {
  if (!(error instanceof errors.JOSEError)) throw error
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'wrong-audience'
    return error.claim === 'nbf' && error.reason === 'check_failed' ? 'not-yet' : 'malformed'
  }
  if (error instanceof errors.JWKSNoMatchingKey) return 'unknown-key'
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    // `none`, or an algorithm that is not the key's.
    error instanceof errors.JOSEAlgNotAllowed
  ) {
    return 'bad-signature'
  }
  return 'malformed'
}
