/** A timer that was started. Stopping it twice, or after it fired, does nothing. */
export interface Timer {
  stop(): void
}

/** All timers of one server: counted, so that a leak shows, and stopped together at the end. */
export class TimerSet {
  private readonly running = new Set<NodeJS.Timeout>()
  private closed = false

  constructor(private readonly onFault: (error: unknown) => void) {}

  get size(): number {
    return this.running.size
  }

  /** Calls `fire` once after `ms` milliseconds, or never once all were stopped. What it throws goes to the fault handler. */
  start(ms: number, fire: () => void): Timer {
    if (this.closed) return { stop: () => undefined }
    const handle = setTimeout(() => {
      this.running.delete(handle)
      try {
        fire()
      } catch (error) {
        this.onFault(error)
      }
    }, ms)
    this.running.add(handle)
    return {
      stop: () => {
        if (this.running.delete(handle)) clearTimeout(handle)
      },
    }
  }

  /** For good: sockets that close afterwards would start others. */
  stopAll(): void {
    this.closed = true
    for (const handle of this.running) clearTimeout(handle)
    this.running.clear()
  }
}
