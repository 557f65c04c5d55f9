/** Times of presence, in milliseconds. */
export interface PresenceLimits {
  /** How long what changes is gathered before it is written, all in one statement. */
  readonly batchMs: number
  /** Between two looks at what has expired, and at what was missed. */
  readonly tickMs: number
  /** A user is present for so long after a channel of it was heard of … */
  readonly presentMs: number
  /** … which is written again when no more than this is left of it. */
  readonly renewMs: number
  /** Within this time everything that is watched is read once more, should a word of the bus have been lost. */
  readonly rereadMs: number
  /** Users of one read. */
  readonly page: number
}

export const PRESENCE_LIMITS: PresenceLimits = {
  batchMs: 25,
  tickMs: 1_000,
  presentMs: 150_000,
  renewMs: 100_000,
  rereadMs: 60_000,
  page: 500,
}
