import { randomInt } from 'node:crypto'
import type { SipResponse } from '../message/message.js'
import type { RAck } from '../message/values.js'
import type { SipTimers } from '../options.js'
import type { Timer, TimerSet } from '../timer-set.js'

interface Outstanding {
  readonly response: SipResponse
  readonly rseq: number
  interval: number
  repeat: Timer
}

export interface ReliableEvents {
  send(response: SipResponse): void
  /** Sends what had to wait: the 2xx. */
  release(final: SipResponse): void
  /** No PRACK in 64·T1. */
  expired(): void
}

/**
 * Reliable provisional responses of one INVITE (RFC 3262 §3): one on the wire at a time, repeated until its
 * PRACK; the next ones, and a 2xx, wait their turn.
 */
export class ReliableProvisionals {
  // Between 1 and 2^31 - 1, and left room to grow.
  private nextSeq = randomInt(1, 2 ** 30)
  private outstanding: Outstanding | undefined
  private giveUp: Timer | undefined
  private readonly waiting: SipResponse[] = []
  private final: SipResponse | undefined

  constructor(
    private readonly cseq: number,
    private readonly settings: SipTimers,
    private readonly timers: TimerSet,
    private readonly events: ReliableEvents,
  ) {}

  get busy(): boolean {
    return this.outstanding !== undefined
  }

  /** Sends a provisional, or queues it. Sets its RSeq. */
  submit(response: SipResponse): void {
    response.headers.set('RSeq', String(this.nextSeq++))
    if (this.outstanding) this.waiting.push(response)
    else this.transmit(response)
  }

  /** Keeps a 2xx until the outstanding provisional is acknowledged; those still queued are not sent any more. */
  submitFinal(final: SipResponse): void {
    this.waiting.length = 0
    this.final = final
  }

  /** Whether a PRACK acknowledges the outstanding provisional. */
  acknowledge(rack: RAck): boolean {
    const current = this.outstanding
    if (!current || rack.rseq !== current.rseq || rack.number !== this.cseq || rack.method !== 'INVITE') {
      return false
    }
    this.settle()
    return true
  }

  /** What waited goes on. Called after the PRACK was handed on, so that the app learns of it first. */
  proceed(): void {
    if (this.outstanding) return
    const next = this.waiting.shift()
    if (next) return this.transmit(next)
    const final = this.final
    this.final = undefined
    if (final) this.events.release(final)
  }

  /** The INVITE is over. */
  stop(): void {
    this.settle()
    this.waiting.length = 0
    this.final = undefined
  }

  private transmit(response: SipResponse): void {
    const current: Outstanding = {
      response,
      rseq: Number(response.headers.get('rseq')),
      interval: this.settings.t1,
      repeat: this.timers.start(this.settings.t1, () => this.repeat(current)),
    }
    this.outstanding = current
    this.giveUp = this.timers.start(64 * this.settings.t1, () => {
      this.stop()
      this.events.expired()
    })
    this.events.send(response)
  }

  private repeat(current: Outstanding): void {
    // RFC 3262 §3: the interval doubles, and is not capped at T2.
    current.interval *= 2
    current.repeat = this.timers.start(current.interval, () => this.repeat(current))
    this.events.send(current.response)
  }

  private settle(): void {
    this.outstanding?.repeat.stop()
    this.giveUp?.stop()
    this.outstanding = undefined
    this.giveUp = undefined
  }
}
