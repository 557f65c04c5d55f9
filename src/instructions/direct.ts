import { type Ending, ending } from '../call/ending.js'
import type { RouteTarget } from '../call/plan.js'
import type { Performance } from '../call/performance.js'
import { NoRoute, type Routed, type Router } from '../routing/router.js'
import type { RingRequest } from '../routing/ring.js'
import type { After, Session } from './step.js'

/** What a call does next by its instructions: the answer to the machine's `route`. */
export type Directed =
  /** `routed`. */
  | { readonly kind: 'routed'; readonly routed: Routed }
  /** `directed`. */
  | {
      readonly kind: 'directed'
      readonly performance: Performance
      readonly answer: boolean
      readonly limitMs: number
      readonly next: RouteTarget
    }
  /** `route-failed`. */
  | { readonly kind: 'ended'; readonly ending: Ending }

export interface Directing {
  readonly session: Session
  readonly router: Pick<Router, 'ring' | 'usersRung' | 'route' | 'usersOf'>
  /** Whose phones are to be rung, said before they are looked up, so that none that registers meanwhile is missed. */
  readonly concerns: (users: readonly string[]) => void
}

/**
 * Asks the session what comes next, and has that resolved. Where nobody is there to be rung, the session is asked
 * again at once. Rejects with StoreUnavailable alone.
 */
export async function direct(directing: Directing, after: After): Promise<Directed> {
  const { session, router, concerns } = directing
  let happened = after
  for (;;) {
    const next = await session.next(happened)
    switch (next.kind) {
      case 'ring': {
        concerns(router.usersRung(next.ring))
        const rung = await unlessNobody(router.ring(next.ring))
        if (rung.kind === 'routed') return rung
        if (endsWith(next.ring)) return rung
        happened = { kind: 'rung', ending: rung.ending, bridgedMs: 0, to: null }
        break
      }
      case 'perform': {
        const { performance, answer, limitMs, next: back } = next
        return { kind: 'directed', performance, answer, limitMs, next: back }
      }
      case 'otherwise':
        return otherwise(directing, next.target)
      case 'end':
        return { kind: 'ended', ending: next.ending }
      default:
        return next satisfies never
    }
  }
}

/** Nothing comes after it. */
function endsWith({ otherwise: then }: RingRequest): boolean {
  return then.kind === 'outcome'
}

function otherwise({ router, concerns }: Directing, target: RouteTarget): Promise<Directed> {
  // Instructions that cannot be had are not followed by others: there may be no end to that.
  if (target.kind === 'instructions') {
    return Promise.resolve({ kind: 'ended', ending: ending('failed', 'server', { status: 503 }) })
  }
  concerns(router.usersOf(target))
  return unlessNobody(router.route(target))
}

async function unlessNobody(
  routing: Promise<Routed>,
): Promise<Extract<Directed, { kind: 'routed' | 'ended' }>> {
  try {
    return { kind: 'routed', routed: await routing }
  } catch (error) {
    if (error instanceof NoRoute) return { kind: 'ended', ending: error.ending }
    throw error
  }
}
