import type { TimerId } from '../call/ids.js'
import type { Clock } from '../ports/clock.js'

interface Running {
  readonly id: TimerId
  /** Microseconds since the epoch. */
  readonly at: number
}

/** The timers of one call, on one timer of the clock: that of the one which is due next. */
export class CallTimers {
  private running: readonly Running[] = []
  /** When the clock calls, which may be for a timer that was stopped since; undefined where it does not. */
  private calledAt: number | undefined
  private stopClock: (() => void) | undefined

  constructor(
    private readonly clock: Clock,
    private readonly fire: (id: TimerId) => void,
  ) {}

  get open(): number {
    return this.running.length
  }

  start(id: TimerId, ms: number): void {
    const now = this.clock.now()
    this.running = [...this.running, { id, at: now + ms * 1000 }]
    this.watch(now)
  }

  stop(id: TimerId): void {
    this.running = this.running.filter((one) => one.id !== id)
    if (this.running.length === 0) this.rest()
  }

  stopAll(): void {
    this.running = []
    this.rest()
  }

  /** When the running timer of that name fires, in microseconds since the epoch; now, where none runs. */
  deadline(name: string): number {
    return this.running.find(({ id }) => id.startsWith(`${name}#`))?.at ?? this.clock.now()
  }

  private rest(): void {
    this.stopClock?.()
    this.stopClock = undefined
    this.calledAt = undefined
  }

  /** Sees to it that the clock calls when the next one is due, or before. */
  private watch(now: number): void {
    const next = Math.min(...this.running.map(({ at }) => at))
    if (next === Infinity || (this.calledAt !== undefined && this.calledAt <= next)) return
    this.rest()
    this.calledAt = next
    this.stopClock = this.clock.after(Math.max(0, Math.ceil((next - now) / 1000)), () => this.called())
  }

  private called(): void {
    this.rest()
    const now = this.clock.now()
    const due = this.running.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)
    for (const timer of due) {
      // What is done because of one may stop another.
      if (!this.running.includes(timer)) continue
      this.running = this.running.filter((one) => one !== timer)
      this.fire(timer.id)
    }
    this.watch(this.clock.now())
  }
}
