export interface ResidentLimits {
  /** Users in memory; more only while what is theirs waits to be written. */
  readonly users: number
  /** How long what nobody waits for may wait to be written, in milliseconds: what a kill can lose. */
  readonly writeBehindMs: number
  /** Rows that may wait while the database is away; beyond them changes are refused. */
  readonly pendingRows: number
  /** Pause after a failure, doubled each time up to the second figure; in milliseconds. */
  readonly retryMs: readonly [first: number, longest: number]
}

export const RESIDENT_LIMITS: ResidentLimits = {
  users: 50_000,
  writeBehindMs: 200,
  pendingRows: 50_000,
  retryMs: [200, 5000],
}
