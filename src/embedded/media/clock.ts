import { performance } from 'node:perf_hooks'
import type { TimerSource } from './tones/scheduler.js'

export interface EngineClock extends TimerSource {
  /** ms since 1970 */
  wallClock(): number
}

/** ms of a clock that all threads read alike. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export const systemClock: EngineClock = {
  now: () => performance.now(),
  wallClock: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
