/** The first pause after a failure, doubled each time up to the second figure; in milliseconds. */
export type Retry = readonly [first: number, longest: number]

/** The pauses of one who tries again and again. */
export class Pause {
  #failures = 0
  #over = false
  #wake: () => void = () => undefined

  constructor(private readonly retry: Retry) {}

  /** How often it was waited for since the last success. */
  get failures(): number {
    return this.#failures
  }

  reset(): void {
    this.#failures = 0
  }

  /** Resolves after the next pause, or at {@link end}. */
  wait(): Promise<void> {
    const [first, longest] = this.retry
    const ms = Math.min(first * 2 ** Math.min(this.#failures, 20), longest)
    this.#failures += 1
    if (this.#over) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Ends the pause, and every later one. */
  end(): void {
    this.#over = true
    this.#wake()
  }
}
