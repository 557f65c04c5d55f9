import { quote } from '../../sip-text/scan.js'
import { flowIdentity } from '../flow.js'
import { FailureLimit, type FailureBounds } from './failure-limit.js'
import type { Authenticator, AuthRequest, AuthVerdict, Denial, Granted, TokenError } from './authenticator.js'
import type { Clock } from '../../ports/clock.js'
import type { TokenUses } from '../../ports/store.js'

/** What a call token proves. Times: microseconds since the epoch. */
interface CallProof {
  readonly user: string
  readonly deviceId: string
  readonly jti: string
  readonly expiresAt: number
}

interface ClientProof {
  readonly user: string
  readonly deviceId?: string
  readonly grants: { readonly register?: true; readonly incoming?: true }
}

interface Fault {
  /** `wrong-audience`: a token of another kind, and good as such as far as could be seen. */
  readonly fault: string
}

/** What is needed of tokens; neither rejects for whatever is wrong with one. */
export interface BearerTokens {
  verifyCall(token: string): Promise<CallProof | Fault>
  verifyClient(token: string): Promise<ClientProof | Fault>
}

export interface BearerOptions {
  readonly realm: string
  readonly tokens: BearerTokens
  readonly uses: Pick<TokenUses, 'use'>
  /**
   * Whether there is such a user; asked at each request, so that a reloaded configuration takes effect. A token that
   * grants `incoming` may be of a client that no configuration knows, and a call token is of a call that there is.
   */
  readonly isUser: (name: string) => boolean
  readonly clock: Pick<Clock, 'now'>
}

/** The grant that a client token needs, where it does not grant `incoming`, and the scope of the challenge. */
const SCOPE = 'register'

/** Wrong tokens that are worth a warning each, by source and of all sources; a flood is not to flood the log. */
const OF_ONE: FailureBounds = { most: 20, windowMs: 60_000, keys: 20_000 }
const OF_ALL: FailureBounds = { most: 200, windowMs: 60_000, keys: 1 }

/**
 * Bearer (RFC 8898) with call tokens, each for the flow that it is used on first, and with client tokens that grant
 * `register` or `incoming`.
 *
 * Nothing here locks anybody out: a signature cannot be guessed, so that there is nothing to be gained by counting
 * guesses, and many phones have one address.
 */
export function createBearer(options: BearerOptions): Authenticator {
  const { realm, tokens, uses } = options
  const noise = [new FailureLimit(options.clock, OF_ONE), new FailureLimit(options.clock, OF_ALL)] as const

  function deny(why: string, { source }: AuthRequest, error: TokenError = 'invalid_token'): Denial {
    const routine = ROUTINE.has(why) || isNoise(source.address)
    return { kind: 'denied', why: `token: ${why}`, stale: false, routine, error }
  }

  function isNoise(address: string): boolean {
    const [ofOne, ofAll] = noise
    if (ofOne.blockedFor(address) > 0 || ofAll.blockedFor('') > 0) return true
    ofOne.count(address)
    ofAll.count('')
    return false
  }

  function ofCall(proof: CallProof, request: AuthRequest): Granted {
    const { user, deviceId, jti, expiresAt } = proof
    const flow = flowIdentity(request.source, request.callId)
    return {
      kind: 'granted',
      user,
      deviceId,
      async redeem() {
        const first = await uses.use(jti, SCOPE, expiresAt, flow)
        return first ? undefined : deny('used', request)
      },
    }
  }

  function ofClient({ user, deviceId, grants }: ClientProof, request: AuthRequest): Granted | Denial {
    const own = grants.incoming !== undefined
    if (grants.register === undefined && !own) {
      return deny('no grant register', request, 'insufficient_scope')
    }
    if (!own && !options.isUser(user)) return deny('there is no such user any more', request)
    return { kind: 'granted', user, ...(deviceId === undefined ? {} : { deviceId }) }
  }

  async function judge(token: string, request: AuthRequest): Promise<AuthVerdict> {
    const call = await tokens.verifyCall(token)
    if (!('fault' in call)) return ofCall(call, request)
    if (call.fault !== 'wrong-audience') return deny(call.fault, request)
    const client = await tokens.verifyClient(token)
    return 'fault' in client ? deny(client.fault, request) : ofClient(client, request)
  }

  return {
    scheme: 'bearer',
    challenges: ({ error }) =>
      error === undefined ? [] : [`Bearer realm=${quote(realm)}, scope="${SCOPE}", error="${error}"`],
    async verify([first], request) {
      // One token a request: more would only be more work for the same answer.
      return first?.token === undefined ? deny('malformed', request) : judge(first.token, request)
    },
  }
}

/** What happens to every phone now and then: a push that came late, a connection that was lost. */
const ROUTINE: ReadonlySet<string> = new Set(['expired', 'used'])
