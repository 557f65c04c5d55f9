import type { Ending } from '../call/ending.js'
import type { Performance } from '../call/performance.js'
import type { RouteTarget } from '../call/plan.js'
import type { RingRequest } from '../routing/ring.js'

/** What became of the last step. Times in milliseconds. */
export type After =
  | { readonly kind: 'start' }
  /** `ending`: of the step; null where that is not known. `to`: who took the call. */
  | {
      readonly kind: 'rung'
      readonly ending: Ending | null
      readonly bridgedMs: number
      readonly to: string | null
    }
  | {
      readonly kind: 'performed'
      readonly result: { readonly digits?: string; readonly finishedOn?: string; readonly finished: boolean }
    }

/** What the call does next. */
export type Next =
  | { readonly kind: 'ring'; readonly ring: RingRequest }
  /** `answer`: the caller is answered before. `next`: where the call asks again. */
  | {
      readonly kind: 'perform'
      readonly performance: Performance
      readonly answer: boolean
      readonly limitMs: number
      readonly next: RouteTarget
    }
  /** The instructions cannot be had: the call is routed to this. */
  | { readonly kind: 'otherwise'; readonly target: RouteTarget }
  | { readonly kind: 'end'; readonly ending: Ending }

/** How the call ended. Times in milliseconds. */
export interface Over {
  readonly ending: Ending
  /** Since the caller was answered; null where it never was. */
  readonly answeredMs: number | null
  /** The talk that it ended with, and who that was with; null where there was none since the last step. */
  readonly talk: { readonly ms: number; readonly to: string | null } | null
}

/** Instructions at work on one call. */
export interface Session {
  /** Whoever asks waits for the answer before it asks again. Never rejects. */
  next(after: After): Promise<Next>
  /** The call is over: what is under way is given up, and the application told that asked for it. Never rejects. */
  ended(over: Over): Promise<void>
}
