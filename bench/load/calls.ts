import { setTimeout as sleep } from 'node:timers/promises'
import type { Link } from './link.js'
import { besides, type Dialog, dialogOf, invite, respond, type Side, within } from './messages.js'
import { phoneNumber, type Plan, type Run, type RunResult } from './plan.js'
import type { Phones } from './phones.js'
import type { RtpFlow } from './rtp-flow.js'
import { cseqMethodOf, headerOf, indexOfCallId, mediaPortOf, methodOf, statusOf } from './scan.js'
import { emptyMoments, type Moment, type Moments } from './stages.js'

/** Under which requests of one call are outstanding. */
const KINDS = { invite: 0, bye: 1, cancel: 2 } as const
const NOBODY = -1
/** More keys than a run has. */
const RUN_KEYS = 1e9
/** So many of the calls that are to be held may be on their way at once, begun or cancelled. */
const MOST_UNDER_WAY = 64

/** The calls of one run, from the callers' side, and when each moment of each came. */
export class Calls {
  /** Resolves when every call is over. */
  readonly over: Promise<void>
  readonly #moments: Moments
  /** Who is called by call, and by whom by phone. */
  readonly #phoneOf: Int32Array
  readonly #callOf: Int32Array
  readonly #asleep: number[] = []
  readonly #dialogs: (Dialog | undefined)[] = []
  readonly #deadlines: (NodeJS.Timeout | undefined)[] = []
  readonly #failures: Record<string, number> = {}
  #completed = 0
  /** Failed or complete: what still comes of it is no longer counted. */
  readonly #isOver: Uint8Array
  #left: number
  #begun = 0
  #end: () => void = () => undefined
  readonly #held = new Set<number>()
  #released: () => void = () => undefined
  /** One that was held is over. */
  #let: () => void = () => undefined

  constructor(
    private readonly plan: Plan,
    private readonly run: Run,
    private readonly link: Link,
    private readonly side: Side,
    private readonly phones: Phones,
    private readonly rtp: RtpFlow,
    /** Which run of its process this is: what is outstanding of two runs is kept apart. */
    private readonly order: number,
  ) {
    this.#moments = emptyMoments(run.calls)
    this.#phoneOf = new Int32Array(run.calls).fill(NOBODY)
    this.#callOf = new Int32Array(plan.phones).fill(NOBODY)
    const { from, count } = run.phones ?? { from: 0, count: plan.phones }
    for (let phone = from + count - 1; phone >= from; phone--) this.#asleep.push(phone)
    this.#left = run.calls
    this.#isOver = new Uint8Array(run.calls)
    this.over = new Promise((resolve) => (this.#end = resolve))
  }

  /** Whether calls of it wait. */
  get holds(): boolean {
    return this.#held.size > 0
  }

  /** Calls that are to be held are begun only as fast as the server takes them: that is not what is measured. */
  get mayBegin(): boolean {
    return this.run.holds !== true || this.#begun - (this.run.calls - this.#left) < MOST_UNDER_WAY
  }

  begin(call: number): void {
    this.#begun++
    const phone = this.#asleep.pop()
    if (phone === undefined) return this.#fail(call, 'no phone was asleep')
    this.#phoneOf[call] = phone
    this.#callOf[phone] = call
    this.#deadlines[call] = setTimeout(() => this.#giveUp(call), this.run.deadlineMs)
    this.#stamp('invite', call)
    const number = phoneNumber(this.plan.worker, phone)
    this.link.ask(this.#key('invite', call), invite(this.side, call, number, this.run.name))
  }

  /**
   * A moment of the call that this phone is in, if it is in one; the first time counts. `awayMs`: how far from the
   * server that was, ahead of it or behind: what is counted is when the server's side of the link was passed.
   */
  mark(moment: Moment, phone: number, awayMs = 0): void {
    const call = this.#callOf[phone] ?? NOBODY
    if (call !== NOBODY) this.#stamp(moment, call, awayMs)
  }

  /** The push for this phone: a call that is held needs no more. Whether the phone wakes of it. */
  pushed(phone: number): boolean {
    this.mark('pushed', phone)
    const call = this.#callOf[phone] ?? NOBODY
    if (call === NOBODY) return false
    if (this.run.holds !== true) return true
    if (this.#isOver[call] === 1) return false
    this.#completed++
    this.#held.add(call)
    this.#finish(call)
    return false
  }

  /**
   * Cancels all calls that are held, as fast as the server ends them; resolves with how many got their final response.
   */
  async cancelHeld(): Promise<number> {
    const held = [...this.#held]
    let next = 0
    const more = (): void => {
      const call = held[next++]
      if (call !== undefined) this.#cancel(call)
      else if (this.#held.size === 0) this.#released()
    }
    const ended = new Promise<void>((resolve) => (this.#released = resolve))
    this.#let = more
    for (let n = 0; n < MOST_UNDER_WAY; n++) more()
    const until = new AbortController()
    await Promise.race([ended, this.#stalls(until.signal)])
    until.abort()
    return held.length - this.#held.size
  }

  /** Resolves when nothing ended for the time that a call has. */
  async #stalls(signal: AbortSignal): Promise<void> {
    for (let left = NaN; !signal.aborted && left !== this.#held.size;) {
      left = this.#held.size
      // It rejects when nobody waits any more, which the loop sees.
      await sleep(this.run.deadlineMs, undefined, { signal }).catch(() => undefined)
    }
  }

  #cancel(call: number): void {
    const phone = phoneNumber(this.plan.worker, this.#phoneOf[call] ?? NOBODY)
    const to = `<sip:${phone}@${this.plan.domain}>`
    this.link.ask(this.#key('cancel', call), this.#beside('CANCEL', call, to))
  }

  invited(phone: number, request: string): void {
    this.mark('deviceInvited', phone, -this.plan.delayMs)
    const call = this.#callOf[phone] ?? NOBODY
    if (call !== NOBODY) this.rtp.add('phone', call, mediaPortOf(request))
  }

  refused(phone: number, status: number): void {
    const call = this.#callOf[phone] ?? NOBODY
    if (call !== NOBODY) this.#fail(call, `REGISTER got ${status}`)
  }

  /** The last thing of a call. */
  asleep(phone: number): void {
    const call = this.#callOf[phone] ?? NOBODY
    if (call === NOBODY) return
    this.#completed++
    this.#finish(call)
    this.#callOf[phone] = NOBODY
    this.#asleep.push(phone)
  }

  hear(text: string): void {
    const status = statusOf(text)
    if (status === 0) {
      if (methodOf(text) !== 'ACK') this.link.say(respond(text, '200 OK', 'caller'))
      return
    }
    const call = indexOfCallId(text, 'c')
    if (!text.includes(`-${this.run.name}\r\n`) || this.#phoneOf[call] === undefined) return
    switch (cseqMethodOf(text)) {
      case 'INVITE':
        return this.#inviteAnswered(call, status, text)
      case 'CANCEL':
        return this.link.settle(this.#key('cancel', call))
      case 'BYE':
        return status < 200 ? undefined : this.#byeAnswered(call, status)
    }
  }

  result(): Pick<RunResult, 'moments' | 'completed' | 'failures'> {
    return { moments: this.#moments, completed: this.#completed, failures: this.#failures }
  }

  #inviteAnswered(call: number, status: number, text: string): void {
    this.link.settle(this.#key('invite', call))
    if (status < 200) {
      if (status > 100) this.#stamp('provisional', call)
      return
    }
    if (status >= 300) {
      this.link.say(this.#beside('ACK', call, headerOf(text, 'To')))
      if (this.#held.delete(call)) return this.#release(call)
      return this.#fail(call, `INVITE got ${status}`)
    }
    const known = this.#dialogs[call]
    const dialog = known ?? dialogOf(text)
    this.link.say(within(this.side, 'ACK', call, this.run.name, dialog))
    if (known !== undefined) return
    this.#stamp('answered', call)
    this.#dialogs[call] = dialog
    this.rtp.add('caller', call, mediaPortOf(text))
    setTimeout(() => this.#hangUp(call, dialog), this.plan.talkMs)
  }

  /** A held call got its end. */
  #release(call: number): void {
    this.link.settle(this.#key('cancel', call))
    this.#callOf[this.#phoneOf[call] ?? NOBODY] = NOBODY
    this.#let()
  }

  #hangUp(call: number, dialog: Dialog): void {
    this.rtp.remove(call)
    this.#stamp('bye', call)
    this.link.ask(this.#key('bye', call), within(this.side, 'BYE', call, this.run.name, dialog))
  }

  #byeAnswered(call: number, status: number): void {
    this.link.settle(this.#key('bye', call))
    if (!Number.isNaN(this.#moments.ended[call] ?? 0)) return
    if (status !== 200) return this.#fail(call, `BYE got ${status}`)
    this.#stamp('ended', call)
    if (this.#isOver[call] === 1) return
    this.phones.sleep(this.#phoneOf[call] ?? NOBODY)
  }

  #giveUp(call: number): void {
    const { answered, registered, pushed, deviceInvited, ended } = this.#moments
    const came = (moment: Float64Array): boolean => !Number.isNaN(moment[call] ?? NaN)
    const phone = phoneNumber(this.plan.worker, this.#phoneOf[call] ?? NOBODY)
    const to = `<sip:${phone}@${this.plan.domain}>`
    if (!came(answered)) this.link.say(this.#beside('CANCEL', call, to))
    const wakes = this.plan.awake !== true
    const missing =
      wakes && !came(pushed)
        ? 'push'
        : wakes && !came(registered)
          ? '200 to REGISTER'
          : !came(deviceInvited)
            ? 'INVITE at the device'
            : !came(answered)
              ? '200 at the caller'
              : !came(ended)
                ? '200 to BYE'
                : '200 to the last REGISTER'
    this.#fail(call, `no ${missing} in time`)
  }

  /** Its phone is called no more: what may still come to it would be taken for that of another call. */
  #fail(call: number, why: string): void {
    if (this.#isOver[call] === 1) return
    this.#failures[why] = (this.#failures[why] ?? 0) + 1
    this.link.settle(this.#key('invite', call))
    this.link.settle(this.#key('bye', call))
    const phone = this.#phoneOf[call] ?? NOBODY
    if (phone !== NOBODY) this.#callOf[phone] = NOBODY
    this.rtp.remove(call)
    this.#finish(call)
  }

  #finish(call: number): void {
    clearTimeout(this.#deadlines[call])
    this.#deadlines[call] = undefined
    this.#isOver[call] = 1
    this.#left--
    if (this.#left === 0) this.#end()
  }

  #beside(method: 'ACK' | 'CANCEL', call: number, to: string): string {
    const phone = phoneNumber(this.plan.worker, this.#phoneOf[call] ?? NOBODY)
    return besides(this.side, method, call, phone, this.run.name, to)
  }

  #stamp(moment: Moment, call: number, awayMs = 0): void {
    const all = this.#moments[moment]
    if (Number.isNaN(all[call])) all[call] = performance.now() + awayMs
  }

  #key(kind: keyof typeof KINDS, call: number): number {
    return this.order * RUN_KEYS + call * 4 + KINDS[kind]
  }
}
