import type { TimerId } from '../call/ids.js'
import type { Clock } from '../ports/clock.js'

/** The timers of one call. */
export class CallTimers {
  private readonly running = new Map<TimerId, { readonly at: number; readonly stop: () => void }>()

  constructor(
    private readonly clock: Clock,
    private readonly fire: (id: TimerId) => void,
  ) {}

  get open(): number {
    return this.running.size
  }

  start(id: TimerId, ms: number): void {
    const stop = this.clock.after(ms, () => {
      this.running.delete(id)
      this.fire(id)
    })
    this.running.set(id, { at: this.clock.now() + ms * 1000, stop })
  }

  stop(id: TimerId): void {
    this.running.get(id)?.stop()
    this.running.delete(id)
  }

  stopAll(): void {
    for (const id of [...this.running.keys()]) this.stop(id)
  }

  /** When the running timer of that name fires, in microseconds since the epoch; now, where none runs. */
  deadline(name: string): number {
    for (const [id, { at }] of this.running) if (id.startsWith(`${name}#`)) return at
    return this.clock.now()
  }
}
