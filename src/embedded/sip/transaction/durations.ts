import type { SipTimers } from '../options.js'

export type TimerName =
  '100' | 'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'X'

/**
 * How long a timer runs (RFC 3261 table 4, RFC 6026 §7). `undefined`: not used on this transport; 0: at once.
 * `repeat` counts how often A, E or G fired already.
 */
export function timerDuration(
  name: TimerName,
  timers: SipTimers,
  reliable: boolean,
  repeat: number,
): number | undefined {
  switch (name) {
    case '100':
      // RFC 3261 §17.2.1.
      return 200
    case 'A':
      return reliable ? undefined : timers.t1 * 2 ** repeat
    case 'E':
    case 'G':
      return reliable ? undefined : Math.min(timers.t1 * 2 ** repeat, timers.t2)
    case 'B':
      return timers.timerB
    case 'C':
      return timers.timerC
    case 'D':
      return reliable ? 0 : timers.timerD
    case 'F':
      return timers.timerF
    case 'H':
      return timers.timerH
    case 'I':
    case 'K':
      return reliable ? 0 : timers.t4
    case 'J':
      return reliable ? 0 : 64 * timers.t1
    case 'L':
    case 'M':
    case 'X':
      return 64 * timers.t1
    default:
      return name satisfies never
  }
}
