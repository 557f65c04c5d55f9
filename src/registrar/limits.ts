/** Times in milliseconds. */
export interface RegistrarLimits {
  /** A shorter wish is refused with 423. RFC 3261 §10.3 allows that for wishes under an hour. */
  readonly minExpires: number
  /** Where the request names no expiry. */
  readonly defaultExpires: number
  /** A longer wish is cut down to this. */
  readonly maxExpires: number
  readonly nonceLifetime: number
  /**
   * Bindings of one user. The one that was refreshed longest ago gives way to a new one: refusing instead would
   * lock a user out whose phone was set up anew, until the bindings that it left behind expire.
   */
  readonly maxBindings?: number
  /** Devices of one user that can be pushed; the one seen longest ago is retired for a new one. */
  readonly maxDevices?: number
  /** Told to user agents on a connection (RFC 5626 §4.4.1): how often they should send a keep-alive. */
  readonly flowTimer?: number
  /** Told with 503. */
  readonly retryAfter?: number
}

/** Limits with every default filled in. */
export type Bounds = Required<RegistrarLimits>

export function withDefaults(limits: RegistrarLimits): Bounds {
  return { maxBindings: 10, maxDevices: 10, flowTimer: 120_000, retryAfter: 5_000, ...limits }
}
