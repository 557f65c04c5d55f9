/** Bounds of subscriptions; times in seconds, but for `throttleMs` and `lastMs`. */
export interface SubscriptionLimits {
  /** A shorter one is refused (423). */
  readonly minExpires: number
  /** Where the phone asks for nothing (RFC 3856 §6.4), and the most that it gets. */
  readonly maxExpires: number
  /** Between two NOTIFYs of one subscription (RFC 3856 §6.10 has five seconds, which is long for a lamp). */
  readonly throttleMs: number
  /** Subscriptions of this node. */
  readonly most: number
  /** What the last NOTIFYs may take at shutdown. */
  readonly lastMs: number
}

export const SUBSCRIPTION_LIMITS: SubscriptionLimits = {
  minExpires: 60,
  maxExpires: 3600,
  throttleMs: 1_000,
  most: 20_000,
  lastMs: 1_000,
}
