import { randomInt } from 'node:crypto'
import { Call, reasonField } from './call.js'
import { mergeFields, type HeaderFields, type ResponseOptions } from './sip/build.js'
import { Dialog } from './sip/dialog.js'
import { callIdOf, freshId, hasOption, header, type SipRequest } from './sip/message.js'
import { allowed } from './sip/methods.js'
import type { ServerTransaction } from './sip/server-transaction.js'
import { StateClock } from './sip/timers.js'
import { MediaSession, type MediaOptions } from './media-session.js'
import type { UserAgent } from './user-agent.js'
import { Deferred } from './waiting.js'

/** What a phone does with an INVITE; what is not named is left to the script. Times in milliseconds. */
export interface InvitePolicy {
  /** No answer of any kind. */
  readonly ignore?: boolean
  /** Default 0: 180 at once. 'never' leaves the 180 out. */
  readonly ringAfterMs?: number | 'never'
  readonly answerAfterMs?: number
  readonly decline?: {
    readonly status: number
    readonly reason?: string
    readonly afterMs?: number
    readonly headers?: HeaderFields
  }
  /** Sends 183 with SDP, and its tone, before it answers. */
  readonly earlyMedia?: boolean
  /** Provisionals are reliable where the caller can (RFC 3262). */
  readonly reliable?: boolean
  /** The SDP of the 200, as it is; no RTP then. */
  readonly sdp?: string
  readonly media?: MediaOptions
  /** Added to 18x and 200. */
  readonly headers?: HeaderFields
  /** On CANCEL: 487 as it must; or a 200 that crosses it; or no word. */
  readonly whenCancelled?: 'terminate' | 'answer' | 'ignore'
}

export interface AnswerOptions {
  /** As it is; no RTP then. */
  readonly sdp?: string
  /** Over that of the policy and of the agent, where no provisional has had SDP. */
  readonly media?: MediaOptions
}

/** A call that came in. */
export class IncomingCall extends Call {
  readonly callId: string
  protected readonly localTag = freshId()
  readonly #transaction: ServerTransaction
  readonly #policy: InvitePolicy
  readonly #established = new Deferred<SipRequest>()
  readonly #plans = new Set<NodeJS.Timeout>()
  #session: Promise<string | undefined> | undefined
  #reliableSequence = randomInt(1, 1000)
  #unacknowledged:
    { readonly sequence: number; readonly clock: StateClock; readonly done: Deferred<void> } | undefined

  constructor(ua: UserAgent, transaction: ServerTransaction, policy: InvitePolicy) {
    super(ua)
    this.#transaction = transaction
    this.#policy = policy
    this.callId = callIdOf(transaction.request)
    this.scriptedAnswer = policy.sdp
  }

  get invite(): SipRequest {
    return this.#transaction.request
  }

  /** Resolves with the ACK of our 200; rejects where the call ends without it. */
  get established(): Promise<SipRequest> {
    return this.#established.promise
  }

  /** Called by the agent; carries out the policy. */
  start(): void {
    this.dialog = Dialog.ofCallee(this.invite, this.localTag)
    this.rebind()
    this.#transaction.onCancel = (cancel) => this.#cancelled(cancel)
    this.#transaction.onNoAck = () => this.#unanswered()
    this.#transaction.onAck = (ack) => this.#acknowledged(ack)
    const { ignore = false, decline, answerAfterMs, ringAfterMs = 0 } = this.#policy
    if (ignore) return
    if (ringAfterMs !== 'never') this.#plan(ringAfterMs, () => this.ring())
    if (decline !== undefined) this.#plan(decline.afterMs ?? 0, () => this.decline(decline.status, decline))
    else if (answerAfterMs !== undefined) this.#plan(answerAfterMs, () => this.answer().then(() => undefined))
  }

  /** 180, or 183 with SDP where the policy has early media. Nothing where the INVITE is answered already. */
  async ring(status = 180): Promise<void> {
    // One reliable provisional at a time (RFC 3262 §3).
    await this.#unacknowledged?.done.promise
    if (!this.#policy.earlyMedia) return this.#provisional(status)
    const sdp = await this.#answerSdp()
    if (sdp !== undefined) this.#provisional(183, sdp)
  }

  /** Sends 200, with SDP of our own or as given. False where it came too late: cancelled, declined, asleep. 488 where no codec is common. */
  async answer({ sdp: given, media }: AnswerOptions = {}): Promise<boolean> {
    const sdp = given ?? (await this.#answerSdp(media))
    // No 2xx while a provisional with SDP is unacknowledged (RFC 3262 §3).
    await this.#unacknowledged?.done.promise
    if (!this.#transaction.pending || this.isOver) return false
    if (sdp === undefined) {
      this.decline(488)
      return false
    }
    const timer = this.timerAnswer(this.invite)
    const response = this.#respond(200, { body: sdp, headers: mergeFields(this.#policy.headers, timer) })
    this.sessionTimer.agreed(response, 'them')
    return true
  }

  /** Any final failure, redirection included. Nothing where the INVITE is answered already. */
  decline(status = 486, options: ResponseOptions = {}): void {
    if (!this.#transaction.pending) return
    this.#respond(status, options)
    this.finish({ how: 'declined', by: 'us', status, ...reasonField(options.headers?.['Reason']) })
  }

  protected override receivePrack(transaction: ServerTransaction): void {
    const waiting = this.#unacknowledged
    const acknowledged = Number(header(transaction.request, 'RAck')?.split(/\s+/)[0])
    if (waiting === undefined || acknowledged !== waiting.sequence) return void transaction.respond(481)
    transaction.respond(200)
    if (transaction.request.body !== '') this.session?.accept(transaction.request.body)
    this.#stopRepeating()
  }

  override hangUp(headers: HeaderFields = {}): void {
    if (this.isOver) return
    if (this.#transaction.pending) this.decline(486, { headers })
    else void this.bye(headers)
  }

  override async abandon(): Promise<void> {
    this.#transaction.stop()
    await super.abandon()
  }

  protected override release(): void {
    super.release()
    for (const plan of this.#plans) clearTimeout(plan)
    this.#plans.clear()
    this.#stopRepeating()
    if (!this.#established.settled)
      this.#established.reject(new Error(`call ${this.callId} ended before its ACK`))
  }

  #plan(afterMs: number, act: () => void | Promise<void>): void {
    const timer = setTimeout(() => {
      this.#plans.delete(timer)
      Promise.resolve(act()).catch((error: unknown) => this.#failed(error))
    }, afterMs)
    this.#plans.add(timer)
  }

  /** A phone that cannot go on says so: no ports, a malformed INVITE. */
  #failed(error: unknown): void {
    this.ua.peer.faults.push(error instanceof Error ? error : new Error(String(error)))
    this.decline(500)
  }

  #provisional(status: number, body = ''): void {
    if (!this.#transaction.pending || this.isOver) return
    const reliably = this.#policy.reliable === true && this.#callerKnowsReliable()
    if (!reliably) return void this.#respond(status, { body, headers: this.#policy.headers ?? {} })
    const sequence = this.#reliableSequence++
    const fields = { Require: '100rel', RSeq: String(sequence) }
    const { t1 } = this.ua.peer.timers
    const clock = new StateClock(
      () => this.#transaction.repeat(),
      () => this.decline(504),
    )
    this.#unacknowledged = { sequence, clock, done: new Deferred() }
    this.#respond(status, { body, headers: mergeFields(this.#policy.headers, fields) })
    clock.enter({ resendMs: t1, expireMs: 64 * t1 })
  }

  #stopRepeating(): void {
    this.#unacknowledged?.clock.stop()
    this.#unacknowledged?.done.resolve()
    this.#unacknowledged = undefined
  }

  #callerKnowsReliable(): boolean {
    return hasOption(this.invite, 'Supported', '100rel') || hasOption(this.invite, 'Require', '100rel')
  }

  #respond(status: number, options: ResponseOptions): ReturnType<ServerTransaction['respond']> {
    const dialog = status < 300 ? { Contact: `<${this.ua.contact()}>`, Allow: allowed } : {}
    const headers = mergeFields(dialog, options.headers)
    return this.#transaction.respond(status, { ...options, headers, toTag: this.localTag })
  }

  /** Made once: a 183 and the 200 after it say the same (RFC 3261 §13.2.1). */
  #answerSdp(media?: MediaOptions): Promise<string | undefined> {
    this.#session ??=
      this.#policy.sdp === undefined ? this.#openMedia(media) : Promise.resolve(this.#policy.sdp)
    return this.#session
  }

  async #openMedia(media?: MediaOptions): Promise<string | undefined> {
    const session = await MediaSession.open({ ...this.ua.options.media, ...this.#policy.media, ...media })
    if (this.isOver) {
      await session.close()
      return undefined
    }
    this.session = session
    return this.invite.body === '' ? session.offer() : session.answer(this.invite.body)
  }

  #acknowledged(ack: SipRequest): void {
    if (this.invite.body === '' && ack.body !== '') this.session?.accept(ack.body)
    if (!this.isOver) this.#established.resolve(ack)
  }

  /** No ACK in 64·T1: BYE (RFC 3261 §13.3.1.4). After a failure there is nothing left to end. */
  #unanswered(): void {
    if (this.isOver) return
    void this.exchange('BYE')
    this.finish({ how: 'no-ack', by: 'them' })
  }

  #cancelled(cancel: SipRequest): void {
    switch (this.#policy.whenCancelled ?? 'terminate') {
      case 'ignore':
        return
      case 'answer':
        this.#plan(0, () => this.answer().then(() => undefined))
        return
      case 'terminate':
        this.#respond(487, {})
        return this.finish({ how: 'cancelled', by: 'them', ...reasonField(header(cancel, 'Reason')) })
    }
  }
}
