/** The ports of a relay for one call: what comes to `a` goes out to side B, and what comes to `b` to side A. */
export interface RelayedCall {
  readonly a: number
  readonly b: number
}

/** What is measured: it passes RTP between the sides of calls. */
export interface Relay {
  /** Its processes that nobody of it started. */
  readonly roots: readonly number[]
  /** Joins so many calls, whose sides are at these ports of loopback. */
  join(count: number, sides: RelayedCall): Promise<readonly RelayedCall[]>
  stop(): Promise<void>
}

export const relayNames = ['reveille', 'rtpengine'] as const
export type RelayName = (typeof relayNames)[number]
