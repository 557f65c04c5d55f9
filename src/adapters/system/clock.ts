import type { Clock } from '../../ports/clock.js'

/** The machine's time. Steps of the wall clock after the start are not followed: what was timed stays in order. */
export const systemClock: Clock = {
  now: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}
