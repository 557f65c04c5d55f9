import type { SipResponse } from '../message/message.js'

/** Responses that tell the caller how to try again, and are therefore of most use (RFC 3261 §16.7 step 6). */
const HELPFUL = new Set([401, 407, 415, 420, 484])

function rank(status: number): number {
  if (status >= 600) return 0
  if (HELPFUL.has(status)) return 1
  if (status >= 400 && status < 500) return 2
  if (status < 400) return 3
  return 4
}

/** The failure to send back when all branches failed; the first received of those that are equally good. */
export function bestResponse<T extends { readonly response: SipResponse }>(
  failures: readonly T[],
): T | undefined {
  let best: T | undefined
  for (const failure of failures) {
    if (!best || rank(failure.response.status) < rank(best.response.status)) best = failure
  }
  return best
}
