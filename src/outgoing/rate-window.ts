import type { Clock } from '../ports/clock.js'

const WINDOW_US = 60_000_000
/** Keys remembered; the one that was quiet for longest is forgotten first. */
const MOST_KEYS = 100_000

/** Counts what happened within the last minute, by key, in bounded memory. */
export class RateWindow {
  /** When, in microseconds, oldest first; the keys in the order of their last take. */
  readonly #taken = new Map<string, readonly number[]>()

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** Counts one more where fewer than `most` happened: 0; otherwise milliseconds until there is room. */
  take(key: string, most: number): number {
    const now = this.clock.now()
    const recent = (this.#taken.get(key) ?? []).filter((at) => now - at < WINDOW_US)
    const oldest = recent[recent.length - most]
    if (recent.length >= most) return most === 0 ? WINDOW_US / 1000 : waitMs(oldest ?? now, now)
    this.#taken.delete(key)
    this.#taken.set(key, [...recent, now])
    const [quietest] = this.#taken.keys()
    if (this.#taken.size > MOST_KEYS && quietest !== undefined) this.#taken.delete(quietest)
    return 0
  }
}

function waitMs(oldest: number, now: number): number {
  return Math.max(1, Math.ceil((oldest + WINDOW_US - now) / 1000))
}
