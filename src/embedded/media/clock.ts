import { performance } from 'node:perf_hooks'
import type { TimerSource } from './tones/scheduler.js'

export interface EngineClock extends TimerSource {
  /** ms since 1970 */
  wallClock(): number
}

export const systemClock: EngineClock = {
  now: () => performance.now(),
  wallClock: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
