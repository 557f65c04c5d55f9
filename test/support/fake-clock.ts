import type { Clock } from '../../src/ports/clock.js'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** A clock that stands still until it is told to move on. */
export class FakeClock implements Clock {
  #now: number
  #timers: Timer[] = []

  /** `now`: microseconds since the epoch. */
  constructor(now = Date.UTC(2026, 0, 1) * 1000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms) * 1000, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Timers that wait: a test can see that nothing is left running. */
  get pending(): number {
    return this.#timers.length
  }

  /**
   * Lets `ms` milliseconds pass: due timers call back in the order of their times (those of one time in the order
   * of their making), each at its own time, and so do the ones that they make.
   */
  advance(ms: number): void {
    const until = this.#now + ms * 1000
    for (;;) {
      const next = this.#timers.reduce<Timer | undefined>(
        (first, timer) => (timer.at <= until && (!first || timer.at < first.at) ? timer : first),
        undefined,
      )
      if (!next) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
    }
    this.#now = until
  }
}
