import type { Clock } from '../../ports/clock.js'

/** Long polls that wait for a message. A newer one of the same client ends the one before. */
export class Polls {
  readonly #waiting = new Map<string, () => void>()

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.#waiting.size
  }

  /**
   * Resolves when there may be messages, after `ms`, at `signal`, or when a newer poll of the client comes. What wakes
   * it from now on is not lost, also before `done` is awaited; `stop` ends it.
   */
  wait(
    key: string,
    ms: number,
    signal: AbortSignal,
  ): { readonly done: Promise<void>; readonly stop: () => void } {
    this.wake(key)
    let end = (): void => undefined
    const done = new Promise<void>((resolve) => (end = resolve))
    const stopTimer = this.clock.after(ms, () => stop())
    const stop = (): void => {
      stopTimer()
      signal.removeEventListener('abort', stop)
      if (this.#waiting.get(key) === stop) this.#waiting.delete(key)
      end()
    }
    signal.addEventListener('abort', stop)
    this.#waiting.set(key, stop)
    if (signal.aborted) stop()
    return { done, stop }
  }

  wake(key: string): void {
    this.#waiting.get(key)?.()
  }

  wakeAll(): void {
    for (const stop of [...this.#waiting.values()]) stop()
  }
}
