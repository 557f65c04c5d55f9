import type { Clock } from '../../ports/clock.js'

export interface FailureBounds {
  /** Wrong guesses a key may make within a window. */
  readonly most: number
  readonly windowMs: number
  /** Keys remembered; the oldest window is forgotten first. */
  readonly keys: number
}

const DEFAULT: FailureBounds = { most: 20, windowMs: 60_000, keys: 20_000 }

/** Counts wrong guesses by key in fixed windows, in bounded memory. */
export class FailureLimit {
  readonly #windows = new Map<string, { readonly opened: number; failures: number }>()

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly bounds: FailureBounds = DEFAULT,
  ) {}

  /** Milliseconds until the key may guess again; 0 where it may now. */
  blockedFor(key: string): number {
    const window = this.#windows.get(key)
    if (!window || window.failures < this.bounds.most) return 0
    return Math.max(0, window.opened + this.bounds.windowMs - this.#nowMs())
  }

  count(key: string): void {
    const window = this.#windows.get(key)
    if (window && this.#nowMs() - window.opened < this.bounds.windowMs) {
      window.failures++
      return
    }
    // Deleted first, so that the map's order stays the order of opening.
    this.#windows.delete(key)
    this.#windows.set(key, { opened: this.#nowMs(), failures: 1 })
    const [oldest] = this.#windows.keys()
    if (this.#windows.size > this.bounds.keys && oldest !== undefined) this.#windows.delete(oldest)
  }

  #nowMs(): number {
    return this.clock.now() / 1000
  }
}
