import type { EngineClock } from './clock.js'
import type { MediaEndpoint } from './endpoint.js'
import type { MediaTimeout } from './types.js'

export interface WatchOptions {
  /** ms; 0: never */
  mediaTimeoutMs: number
  rtcpIntervalMs: number
  onTimeout(id: string, detail: MediaTimeout): void
}

/** Looks at all endpoints now and then, with one timer: who has fallen silent, who is due a report. */
export class Watch {
  readonly #clock: EngineClock
  readonly #endpoints: ReadonlyMap<string, MediaEndpoint>
  readonly #options: WatchOptions
  readonly #reports = new WeakMap<MediaEndpoint, { last: number; next: number }>()
  #cancel: (() => void) | undefined

  constructor(clock: EngineClock, endpoints: ReadonlyMap<string, MediaEndpoint>, options: WatchOptions) {
    this.#clock = clock
    this.#endpoints = endpoints
    this.#options = options
  }

  get timers(): number {
    return this.#cancel ? 1 : 0
  }

  arm(): void {
    if (this.#cancel || this.#endpoints.size === 0) return
    const { mediaTimeoutMs, rtcpIntervalMs } = this.#options
    const finest = Math.min(1000, rtcpIntervalMs / 4, mediaTimeoutMs > 0 ? mediaTimeoutMs / 4 : Infinity)
    this.#cancel = this.#clock.after(Math.max(10, finest), () => {
      this.#cancel = undefined
      this.#look()
      this.arm()
    })
  }

  disarmIfIdle(): void {
    if (this.#endpoints.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  #look(): void {
    const now = this.#clock.now()
    for (const [id, endpoint] of this.#endpoints) {
      const timeout = endpoint.check(this.#options.mediaTimeoutMs, now)
      if (timeout) this.#options.onTimeout(id, timeout)
      this.#report(endpoint, now)
    }
  }

  /** While two are joined, their own reports pass; alone, a peer hears ours. */
  #report(endpoint: MediaEndpoint, now: number): void {
    const { agreement } = endpoint
    if (!agreement || endpoint.peer) return
    const due = this.#reports.get(endpoint)
    if (due && now < due.next) return
    if (due) endpoint.control.report(clockRateOf(endpoint), due.last, now, this.#clock.wallClock())
    // Between half and one and a half intervals, so that peers do not report in step (RFC 3550 §6.3.1).
    this.#reports.set(endpoint, {
      last: now,
      next: now + this.#options.rtcpIntervalMs * (0.5 + Math.random()),
    })
  }
}

function clockRateOf(endpoint: MediaEndpoint): number {
  return endpoint.agreement?.audio[0]?.codec.clockRate ?? 8000
}
