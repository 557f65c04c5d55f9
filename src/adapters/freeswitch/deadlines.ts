import type { Clock } from '../../ports/clock.js'
import { MediaError } from '../../ports/media.js'
import { toMediaError } from './errors.js'

/** Holds every request to an engine to a time, and to the engine's life: neither of our libraries does. */
export class Deadlines {
  private open = 0

  constructor(private readonly clock: Clock) {}

  /** Requests that wait now; each has a timer. */
  get pending(): number {
    return this.open
  }

  /**
   * Settles as `work` does, or rejects with MediaError `lost` after `ms` or when `signal` aborts, whichever is first.
   * Errors of `work` are said in the port's words.
   */
  within<T>(work: Promise<T>, ms: number, what: string, ...signals: readonly AbortSignal[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        if (settled) return
        settled = true
        this.open -= 1
        stop()
        for (const signal of signals) signal.removeEventListener('abort', gone)
        finish()
      }
      const lost = (why: string): void => settle(() => reject(new MediaError('lost', `${what}: ${why}`)))
      const gone = (): void => lost('the server is away')
      let settled = false
      this.open += 1
      const stop = this.clock.after(ms, () => lost(`no answer in ${ms} ms`))
      for (const signal of signals) {
        if (signal.aborted) gone()
        else signal.addEventListener('abort', gone, { once: true })
      }
      work.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(toMediaError(error))),
      )
    })
  }

  /** Does something after `ms`, unless one of the signals aborts before. */
  after(ms: number, work: () => void, ...signals: readonly AbortSignal[]): void {
    const end = (): void => {
      this.open -= 1
      stop()
      for (const signal of signals) signal.removeEventListener('abort', end)
    }
    if (signals.some(({ aborted }) => aborted)) return
    this.open += 1
    const stop = this.clock.after(ms, () => {
      end()
      work()
    })
    for (const signal of signals) signal.addEventListener('abort', end, { once: true })
  }
}
