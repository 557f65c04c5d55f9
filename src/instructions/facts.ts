import type { Ending } from '../call/ending.js'

/** What an application is told of a call. */
export interface CallFacts {
  readonly id: string
  /** Number or name of the caller; null where it is withheld. */
  readonly from: string | null
  /** As it is displayed. */
  readonly fromName: string | null
  /** The caller is a client or user of ours rather than a number from outside. */
  readonly fromClient: boolean
  /** The number or name that was called. */
  readonly to: string
  /** By which the call came; null where a client of ours made it. */
  readonly trunk: string | null
  /** Who diverted the call to us (RFC 5806, RFC 7044); null where nobody did. */
  readonly forwardedFrom: string | null
  /** The user whose settings sent the call here; null where a route did. */
  readonly user: string | null
  /** Whether the caller has its 200 already. */
  readonly answered: boolean
}

export type CallStatus =
  'ringing' | 'in-progress' | 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled'

export type RingStatus = 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled'

/** What became of those who were rung. Times in milliseconds. */
export interface RingResult {
  readonly status: RingStatus
  readonly bridgedMs: number
  /** Who took the call; null where nobody did, or it is not known. */
  readonly to: string | null
}

export interface GatherResult {
  readonly digits: string
  /** The digit that ended it, where one did. */
  readonly finishedOn: string | null
}

/** Why a request is made, and what has happened since the last one. */
export type Occasion =
  | { readonly kind: 'start' }
  | { readonly kind: 'redirected' }
  | { readonly kind: 'rung'; readonly result: RingResult }
  | { readonly kind: 'gathered'; readonly result: GatherResult }
  /** The status callback. `durationMs`: since the caller was answered. */
  | { readonly kind: 'ended'; readonly ending: Ending; readonly durationMs: number }

/** What a request says beside the facts of the call. */
export interface Told {
  readonly occasion: Occasion
  readonly status: CallStatus
  /** By user. */
  readonly presence: ReadonlyMap<string, string>
  /** Why the fallback is asked, and which URL it is asked for. */
  readonly error?: { readonly code: number; readonly message: string; readonly url: string }
}

/** What an ending means for those who were rung; only a bridge completes. */
export function ringStatusOf(ending: Ending | null, bridgedMs: number): RingStatus {
  if (ending === null) return bridgedMs > 0 ? 'completed' : 'no-answer'
  switch (ending.cause) {
    case 'hung-up':
    case 'media-timeout':
      return 'completed'
    case 'busy':
    case 'declined':
      return 'busy'
    case 'cancelled':
      return 'canceled'
    case 'no-answer':
    case 'no-second-response':
    case 'unreachable':
    case 'not-forwarded':
      return 'no-answer'
    case 'answered-on-primary':
    case 'not-found':
    case 'not-acceptable':
    case 'connect-failed':
    case 'engine-lost':
    case 'drained':
    case 'interrupted':
    case 'failed':
      return 'failed'
    default:
      return ending.cause satisfies never
  }
}

/** What the end of the call means for those who were being rung: a caller who had been answered hangs up on them. */
export function unansweredStatusOf(ending: Ending): RingStatus {
  return ending.cause === 'hung-up' ? 'canceled' : ringStatusOf(ending, 0)
}

/** What an ending means for the call as a whole. */
export function callStatusOf(ending: Ending, answered: boolean): CallStatus {
  return answered ? 'completed' : ringStatusOf(ending, 0)
}
