import type { AcceptStyle, HoldStyle, Plan } from '../../../src/call/plan.js'
import type { Performance } from '../../../src/call/performance.js'
import type { Legs } from './legs.js'
import type { Stage } from './stage.js'

/** What the caller is due to hear or to be told as the call goes its way. */
export class Hearing {
  /** It hears its provisional again each minute. */
  reassured = false
  private due: string[] = []
  private style: HoldStyle = 'ringing'
  private accept: AcceptStyle = 'tone'
  private alerted = false
  private toldOfAccept = false

  constructor(
    private readonly legs: Legs,
    private readonly stage: Stage,
  ) {}

  begin({ hold, accept }: { readonly hold: HoldStyle; readonly accept: AcceptStyle }): void {
    this.style = hold
    this.accept = accept
  }

  reassure(): void {
    this.due.push('reassure')
  }

  /** A queued caller that has no answer yet hears 180 once, when the first device rings. */
  rings(): void {
    if (!this.alerted && this.style === 'queued' && this.legs.caller === 'pending') this.due.push('alert')
    this.alerted = true
  }

  /** The target takes its time. */
  holdOnce(): void {
    if (this.legs.caller === 'pending' && this.stage.provisional === null) this.hold()
  }

  /** What the caller gets as somebody is rung for it. */
  greet(plan: Plan | null): void {
    if (this.legs.caller !== 'pending') return this.ringBack()
    if (plan?.answerFirst === true) return this.answer()
    if (this.stage.provisional === null) return this.hold()
    this.ringBack()
  }

  /** Whoever hears us hears that somebody is rung. */
  ringBack(): void {
    if (!this.stage.isHeard || this.stage.hears === 'ringback') return
    this.due.push('ring-back')
    this.toldOfAccept = false
  }

  /** Somebody accepted. */
  tellOfAccept(): void {
    if (this.toldOfAccept) return
    this.toldOfAccept = true
    // It hears so with its 200.
    if (this.legs.caller === 'answering') return
    if (this.legs.caller === 'pending' && this.accept === 'answer') this.answer()
    else this.due.push('accepted: tone')
  }

  /** The caller comes to a call that somebody has accepted. */
  comesToAccepted(plan: Plan | null): void {
    // An answer makes every provisional needless, and is heard as one.
    if (this.accept === 'answer' || plan?.answerFirst === true) {
      this.answer()
      this.toldOfAccept = true
      return
    }
    this.hold()
    this.tellOfAccept()
  }

  /** It is answered first where it can be, and is to be. */
  direct(performance: Performance, answer: boolean): void {
    if (answer && this.legs.caller === 'pending') this.answer()
    else this.perform(performance)
  }

  /** Begins what the caller is to hear as soon as it can hear it. */
  perform(performance: Performance): void {
    if (this.stage.running !== null) return
    if (this.stage.isReady) this.due.push(`perform ${JSON.stringify(performance)}`)
    else if (this.legs.caller === 'pending' && !this.stage.isAwaited) this.provide('early-media')
  }

  /** Nothing is performed any more. */
  hush(): void {
    if (this.stage.running !== null) this.due.push(`stop ${this.stage.running}`)
  }

  /** It has its answer from a device. */
  joined(): void {
    this.reassured = false
  }

  take(): readonly string[] {
    const { due } = this
    this.due = []
    return due
  }

  /** The caller gets its provisional, and what it has missed while it was expected. */
  private hold(): void {
    this.provide(this.style)
    if (this.alerted && this.style === 'queued') this.due.push('alert')
  }

  private provide(style: HoldStyle): void {
    this.due.push(`hold ${style}`)
    this.reassured = true
  }

  private answer(): void {
    this.due.push('answer')
    this.reassured = false
  }
}
