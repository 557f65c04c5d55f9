/** Time, as a port, so that tests can own it. */
export interface Clock {
  /** Microseconds since the Unix epoch; never runs backwards within a process. */
  now(): number
  /** Calls back once after `ms` milliseconds; the returned function stops it. */
  after(ms: number, callback: () => void): () => void
}
