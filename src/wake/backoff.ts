/** Delays between attempts, ms. */
export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/** A call is waiting: the first retry comes soon. */
export const WAKE_BACKOFF: Backoff = { firstMs: 250, maxMs: 4000 }

/**
 * How long to wait after the n-th attempt (from 1): doubling up to the bound, never less than the service asked
 * for, and up to a quarter longer, so that pushes that failed together do not come back together.
 *
 * @param afterMs what the service asked for
 * @param random from 0 (inclusive) to 1
 */
export function delayMs(
  backoff: Backoff,
  attempt: number,
  afterMs: number | undefined,
  random: number,
): number {
  const doubled = Math.min(backoff.maxMs, backoff.firstMs * 2 ** (attempt - 1))
  return Math.round(Math.max(afterMs ?? 0, doubled) * (1 + random / 4))
}
