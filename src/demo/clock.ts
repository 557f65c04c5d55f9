import { performance } from 'node:perf_hooks'

/** Milliseconds since the epoch with a fraction, monotonic within the process: all players share it. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}
