import type { FastifyRequest } from 'fastify'
import { bearerChallenge, bearerOf } from './bearer.js'
import { Problem } from './problem.js'
import type { ProblemType } from './problem-types.js'
import {
  type CallClaims,
  type ClientClaims,
  type Grant,
  granted,
  type InvitationClaims,
  type TokenFault,
  type TokenVerifier,
} from './tokens.js'

/** What proves who asks, and what it says of them. */
export interface ClaimsOf {
  readonly none: null
  readonly admin: null
  readonly 'call-token': CallClaims
  readonly 'client-token': ClientClaims
  readonly 'invitation-token': InvitationClaims
}
export type Scheme = keyof ClaimsOf

/** Who asks, by the scheme that they proved it with. */
export type Identity<S extends Scheme = Scheme> = {
  readonly [K in S]: { readonly scheme: K; readonly claims: ClaimsOf[K] }
}[S]

/** What an operation asks of who asks. */
export interface Demand {
  /** One of these. */
  readonly security: readonly Scheme[]
  /** What a client token must grant; of a list, one will do. */
  readonly grant?: Grant | readonly Grant[]
  /** For how long after its expiry a call token is taken, in milliseconds. */
  readonly leewayMs?: number
}

/** Checks that a demand is met. Rejects with a {@link Problem}. */
export type Gatekeeper = (request: FastifyRequest, demand: Demand) => Promise<Identity>

/** Problems that the check may end in. */
export const SECURITY_PROBLEMS: Readonly<Record<Scheme, readonly ProblemType[]>> = {
  none: [],
  admin: ['unauthorized', 'admin-disabled'],
  'call-token': ['token-missing', 'token-invalid', 'token-expired', 'token-used'],
  'client-token': ['token-missing', 'token-invalid', 'token-expired'],
  'invitation-token': ['token-missing', 'token-invalid', 'token-expired', 'token-used'],
}

export function gatekeeper(admin: (request: FastifyRequest) => void, tokens: TokenVerifier): Gatekeeper {
  return async (request, demand) => {
    const [first = 'none'] = demand.security
    if (first === 'none') return { scheme: 'none', claims: null }
    if (first === 'admin') {
      admin(request)
      return { scheme: 'admin', claims: null }
    }
    const token = bearerOf(request)
    if (token === undefined) {
      throw new Problem('token-missing', `This needs a ${demand.security.map(nameOf).join(' or a ')}.`, {
        headers: bearerChallenge(),
      })
    }
    const identity = await identify(tokens, token, demand)
    if (identity.scheme === 'client-token') demandGrant(identity.claims, demand.grant)
    return identity
  }
}

/** By the first scheme whose token it is. */
async function identify(tokens: TokenVerifier, token: string, demand: Demand): Promise<Identity> {
  let fault: TokenFault = 'wrong-audience'
  for (const scheme of demand.security) {
    const found = await verify(tokens, token, scheme, demand.leewayMs)
    if (!('fault' in found)) return found
    // Of a token of another kind only that is known; of its own kind, what is wrong with it.
    if (found.fault !== 'wrong-audience') fault = found.fault
  }
  throw refusalOf(fault)
}

async function verify(
  tokens: TokenVerifier,
  token: string,
  scheme: Scheme,
  leewayMs: number | undefined,
): Promise<Identity | { readonly fault: TokenFault }> {
  switch (scheme) {
    case 'call-token': {
      const claims = await tokens.verifyCall(token, leewayMs)
      return 'fault' in claims ? claims : { scheme, claims }
    }
    case 'client-token': {
      const claims = await tokens.verifyClient(token)
      return 'fault' in claims ? claims : { scheme, claims }
    }
    case 'invitation-token': {
      const claims = await tokens.verifyInvitation(token)
      return 'fault' in claims ? claims : { scheme, claims }
    }
    case 'none':
    case 'admin':
      return { fault: 'wrong-audience' }
    default:
      return scheme satisfies never
  }
}

/** The problem of a token that is not taken. */
export function refusalOf(fault: TokenFault): Problem {
  const headers = bearerChallenge('invalid_token')
  switch (fault) {
    case 'missing':
      return new Problem('token-missing', undefined, { headers: bearerChallenge() })
    case 'expired':
      return new Problem('token-expired', 'The token has expired.', { headers })
    case 'used':
      return new Problem('token-used', 'The token was used before.')
    case 'wrong-audience':
      return new Problem('token-invalid', 'This is a token of another kind.', { headers })
    case 'not-yet':
      return new Problem('token-invalid', 'The token is not valid yet.', { headers })
    case 'revoked':
      return new Problem('token-invalid', 'The token was revoked.', { headers })
    case 'malformed':
    case 'bad-signature':
    case 'unknown-key':
      // A forger is not told which of these it was.
      return new Problem('token-invalid', 'This is no token of this server.', { headers })
    default:
      return fault satisfies never
  }
}

function demandGrant(claims: ClientClaims, grant: Demand['grant']): void {
  const [first, ...rest] = grantsOf(grant)
  if (first === undefined || granted(claims, first, ...rest)) return
  throw new Problem('grant-missing', `The token does not grant ${[first, ...rest].join(' or ')}.`, {
    headers: bearerChallenge('insufficient_scope', first),
    members: { grant: first },
  })
}

/** As a list: those of which one is needed. */
export function grantsOf(grant: Demand['grant']): readonly Grant[] {
  if (grant === undefined) return []
  return typeof grant === 'string' ? [grant] : grant
}

function nameOf(scheme: Scheme): string {
  return scheme.replace('-', ' ')
}
