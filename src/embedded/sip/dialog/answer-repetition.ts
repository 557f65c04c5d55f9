import type { SipTimers } from '../options.js'
import type { Timer, TimerSet } from '../timer-set.js'

/**
 * Repeats a 2xx to an INVITE at T1, 2·T1, … T2 until its ACK (RFC 3261 §13.3.1.4): on every transport, for the
 * ACK may be lost on a hop beyond a reliable one.
 */
export class AnswerRepetition {
  private repeat: Timer | undefined
  private giveUp: Timer | undefined

  constructor(
    private readonly settings: SipTimers,
    private readonly timers: TimerSet,
    private readonly send: () => void,
    /** No ACK within timer H. */
    private readonly expired: () => void,
  ) {}

  start(): void {
    this.send()
    this.schedule(this.settings.t1)
    this.giveUp = this.timers.start(this.settings.timerH, () => {
      this.stop()
      this.expired()
    })
  }

  stop(): void {
    this.repeat?.stop()
    this.giveUp?.stop()
  }

  private schedule(interval: number): void {
    this.repeat = this.timers.start(interval, () => {
      this.send()
      this.schedule(Math.min(interval * 2, this.settings.t2))
    })
  }
}
