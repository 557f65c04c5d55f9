import type { OutgoingCall } from '../outgoing-call.js'
import { Deferred } from '../waiting.js'
import type { Condition } from './dial-code.js'
import type { Party } from './forwarded-invite.js'

/** Why a phone does not ring any more. */
export type StoppedBecause = 'answered' | 'rejected' | 'caller-gone' | 'forwarded'

export type CellEnding =
  /** Of a call that was answered on the phone, or that the caller gave up while it rang. */
  | { readonly how: 'hung-up'; readonly answered: boolean }
  /** It was to be forwarded, and nothing says where to. */
  | { readonly how: 'failed'; readonly because: Condition }
  /** The forwarded leg came to its end, and the call with it. */
  | { readonly how: 'forwarded'; readonly leg: OutgoingCall }

/** What a call asks of the network that it is in. */
export interface CellCallHost {
  /** Undefined where the subscriber forwards no such calls. */
  forward(call: CellCall, because: Condition): Promise<OutgoingCall> | undefined
  stopped(call: CellCall, why: StoppedBecause): void
  /** Milliseconds until the network gives the phone up; undefined where it never does. */
  readonly noReplyMs: number | undefined
  /** What it takes the network to forward a call, ms. */
  readonly forwardAfterMs: number
}

/**
 * A call to a cell phone, as its network sees it.
 *
 * ```
 *   ringing --(user answers)--> answered --(hang-up)--> over
 *      | rejected, no reply, busy, not reachable
 *   forwarding --(the forwarded leg ends; nowhere to)--> over
 * ```
 */
export class CellCall {
  #phase: 'new' | 'ringing' | 'answered' | 'forwarding' | 'over' = 'new'
  #timer: NodeJS.Timeout | undefined
  readonly #leg = new Deferred<OutgoingCall>()
  readonly #ended = new Deferred<CellEnding>()

  constructor(
    readonly from: Party,
    /** In full. */
    readonly subscriber: string,
    private readonly host: CellCallHost,
  ) {}

  get phase(): 'new' | 'ringing' | 'answered' | 'forwarding' | 'over' {
    return this.#phase
  }

  /** Never rejects. */
  get ended(): Promise<CellEnding> {
    return this.#ended.promise
  }

  /** The forwarded leg, once its INVITE is out; rejects where the call ends otherwise. */
  get forwarded(): Promise<OutgoingCall> {
    return this.#leg.promise
  }

  /** The phone rings. */
  ring(): void {
    this.#phase = 'ringing'
    const { noReplyMs } = this.host
    if (noReplyMs !== undefined) this.#timer = setTimeout(() => this.divert('no-reply'), noReplyMs)
  }

  /** By the user. False where it does not ring any more. */
  answer(): boolean {
    if (!this.#stopRinging('answered')) return false
    this.#phase = 'answered'
    return true
  }

  /** By the user, or by the app. False where it does not ring any more: nothing is rejected twice. */
  reject(): boolean {
    if (this.#phase !== 'ringing') return false
    this.divert('busy')
    return true
  }

  /** The phone cannot have it. */
  divert(because: Condition): void {
    this.#stopRinging(because === 'busy' ? 'rejected' : 'forwarded')
    this.#phase = 'forwarding'
    this.#timer = setTimeout(() => this.#forward(because), this.host.forwardAfterMs)
  }

  #forward(because: Condition): void {
    this.#timer = undefined
    const leg = this.host.forward(this, because)
    if (leg === undefined) return this.#end({ how: 'failed', because })
    leg.then(
      (outgoing) => this.#follow(outgoing),
      (error: unknown) => {
        this.#leg.reject(error instanceof Error ? error : new Error(String(error)))
        this.#end({ how: 'failed', because })
      },
    )
  }

  /** Either side of an answered call hangs up, or the caller gives up. */
  hangUp(): void {
    if (this.#phase === 'over') return
    if (this.#phase === 'forwarding' && this.#timer === undefined) {
      // Where there is no leg after all, the call has ended of that.
      return void this.#leg.promise.then((leg) => leg.hangUp()).catch(() => undefined)
    }
    const answered = this.#phase === 'answered'
    this.#stopRinging('caller-gone')
    this.#end({ how: 'hung-up', answered })
  }

  /** Its network is gone: no word, no timer. */
  abandon(): void {
    clearTimeout(this.#timer)
    if (this.#phase !== 'over') this.#end({ how: 'hung-up', answered: this.#phase === 'answered' })
  }

  #follow(leg: OutgoingCall): void {
    this.#leg.resolve(leg)
    void leg.ended.then(() => this.#end({ how: 'forwarded', leg }))
  }

  #stopRinging(why: StoppedBecause): boolean {
    clearTimeout(this.#timer)
    if (this.#phase !== 'ringing') return false
    this.host.stopped(this, why)
    return true
  }

  #end(ending: CellEnding): void {
    this.#phase = 'over'
    if (!this.#leg.settled) this.#leg.reject(new Error(`the call was not forwarded: ${ending.how}`))
    this.#ended.resolve(ending)
  }
}
