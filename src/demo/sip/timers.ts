/** RFC 3261 §17.1.1.1, in milliseconds; the other timers follow from these. */
export interface SipTimers {
  readonly t1: number
  readonly t2: number
  readonly t4: number
}

export const defaultTimers: SipTimers = { t1: 500, t2: 4000, t4: 5000 }

/** What runs while a transaction is in one state. */
export interface StateTimers {
  /** The first retransmission; the interval doubles up to `resendCapMs`. */
  readonly resendMs?: number
  readonly resendCapMs?: number
  /** Leaving the state for good. */
  readonly expireMs?: number
}

/** The two timers of a transaction's present state. They end with the state, never by themselves later. */
export class StateClock {
  #resend: NodeJS.Timeout | undefined
  #expire: NodeJS.Timeout | undefined

  constructor(
    private readonly onResend: () => void,
    private readonly onExpire: () => void,
  ) {}

  enter({ resendMs, resendCapMs = Infinity, expireMs }: StateTimers): void {
    this.stop()
    if (resendMs !== undefined) this.#repeat(resendMs, resendCapMs)
    if (expireMs !== undefined) this.#expire = setTimeout(this.onExpire, expireMs)
  }

  stop(): void {
    clearTimeout(this.#resend)
    clearTimeout(this.#expire)
  }

  #repeat(interval: number, cap: number): void {
    this.#resend = setTimeout(() => {
      this.#repeat(Math.min(interval * 2, cap), cap)
      this.onResend()
    }, interval)
  }
}
