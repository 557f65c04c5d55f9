import { authenticate, type Authenticator, type Denial, type Granted } from './auth/authenticator.js'
import { refuse, tryLater, type Refusal } from './refusal.js'
import type { SipRequest } from '../ports/signaling.js'

/** Who sends requests, by any of several schemes. */
export interface Gate {
  /** Who sent it, or the answer where that is not proven. Never rejects. */
  identify(request: SipRequest): Promise<Granted | Refusal>
  /** Asks (again): 401 with the challenges of every scheme. */
  challenge(denial: Denial, request: SipRequest): Refusal
}

/**
 * `authenticators`: in the order in which they look; each that grants is enough. They are offered in the opposite
 * order: user agents that read one challenge only (JsSIP) read the first, and know Digest.
 */
export function createGate(authenticators: readonly Authenticator[]): Gate {
  const offering = [...authenticators].reverse()

  function challenge(denial: Denial, request: SipRequest): Refusal {
    const challenges = offering.flatMap((one) => one.challenges(denial, request))
    const headers = challenges.map((value) => ['WWW-Authenticate', value] as const)
    return refuse(401, 'Unauthorized', { headers, why: denial.why, routine: denial.routine })
  }

  return {
    challenge,
    async identify(request) {
      const verdict = await authenticate(authenticators, request)
      switch (verdict.kind) {
        case 'granted':
          return verdict
        case 'denied':
          return challenge(verdict, request)
        case 'malformed':
          return refuse(400, verdict.why)
        case 'throttled':
          // The wrong guesses before it were logged; a flood is not to flood the log.
          return { ...tryLater('too many wrong passwords', verdict.retryAfterMs), routine: true }
        default:
          return verdict satisfies never
      }
    },
  }
}
