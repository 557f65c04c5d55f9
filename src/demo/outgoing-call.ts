import { Call, reasonField } from './call.js'
import {
  bodyFields,
  cancelOf,
  headerFields,
  mergeFields,
  responseTo,
  type HeaderFields,
} from './sip/build.js'
import type { ClientTransaction } from './sip/client-transaction.js'
import { Dialog } from './sip/dialog.js'
import {
  cseqOf,
  freshId,
  hasOption,
  header,
  tagOf,
  type SipRequest,
  type SipResponse,
} from './sip/message.js'
import { allowed } from './sip/methods.js'
import { MediaSession, type MediaOptions } from './media-session.js'
import { inviteTimerFields } from './session-timer.js'
import type { UserAgent } from './user-agent.js'
import { Deferred, Waiters } from './waiting.js'

export interface CallOptions {
  /** 'none': a delayed offer, the answer goes into the ACK or PRACK. Any other text is sent as it is, without RTP. */
  readonly sdp?: 'offer' | 'none' | { readonly verbatim: string }
  readonly headers?: HeaderFields
  /** Who calls, as a name-addr without a tag; default: the agent itself. */
  readonly from?: string
  /** 100rel (RFC 3262): in Supported or in Require; provisionals that ask for it get their PRACK. */
  readonly reliable?: 'supported' | 'required'
  readonly media?: MediaOptions
  readonly callId?: string
}

export type CallOutcome =
  | { readonly kind: 'answered'; readonly response: SipResponse }
  | { readonly kind: 'failed'; readonly status: number; readonly response: SipResponse }
  /** Our CANCEL won, or the 200 that crossed it was ended by BYE at once. */
  | { readonly kind: 'cancelled'; readonly crossed: boolean }

/** The INVITE failed: its final response is in `response`. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed'

  constructor(readonly outcome: Exclude<CallOutcome, { kind: 'answered' }>) {
    super(outcome.kind === 'failed' ? `${outcome.status} ${outcome.response.reason}` : 'cancelled')
  }
}

/** A call that this side makes. */
export class OutgoingCall extends Call {
  readonly callId: string
  protected readonly localTag = freshId()
  readonly #outcome = new Deferred<CallOutcome>()
  readonly #provisionals: SipResponse[] = []
  readonly #provisionalWaiters = new Waiters<SipResponse>()
  #transaction: ClientTransaction | undefined
  #invite: SipRequest | undefined
  #sequence = 0
  #challenges = 0
  #cancel: { readonly headers: HeaderFields; sent: boolean } | undefined
  #cancelDeadline: NodeJS.Timeout | undefined
  #lastReliable = 0
  #acknowledge: (() => void) | undefined

  private constructor(
    ua: UserAgent,
    private readonly uri: string,
    private readonly options: CallOptions,
  ) {
    super(ua)
    this.callId = options.callId ?? `${freshId()}@${ua.options.domain}`
  }

  /** Rejects where no RTP port is free. */
  static async open(ua: UserAgent, uri: string, options: CallOptions): Promise<OutgoingCall> {
    const call = new OutgoingCall(ua, uri, options)
    if (typeof options.sdp === 'object') call.scriptedAnswer = options.sdp.verbatim
    else call.session = await MediaSession.open({ ...ua.options.media, ...options.media })
    return call
  }

  /** The INVITE as it was sent last. */
  get invite(): SipRequest {
    if (this.#transaction === undefined) throw new Error('the INVITE is not sent yet')
    return this.#transaction.request
  }

  /** All provisional responses so far, 100 included. */
  get provisionals(): readonly SipResponse[] {
    return this.#provisionals
  }

  /** The first with this status, the very first, or the first with SDP; now or when it comes. Rejects with WaitError. */
  async provisional(status: number | 'any' | 'with-sdp', deadlineMs = 5000): Promise<SipResponse> {
    const matches = (response: SipResponse): boolean =>
      status === 'any' || (status === 'with-sdp' ? response.body !== '' : response.status === status)
    const progress = (): string => `; came: ${this.#provisionals.map((r) => r.status).join(' ')}`
    return (
      this.#provisionals.find(matches) ??
      (await this.#provisionalWaiters.wait(`provisional ${status}`, deadlineMs, matches, progress))
    )
  }

  /** How the INVITE ended; never rejects. */
  get outcome(): Promise<CallOutcome> {
    return this.#outcome.promise
  }

  /** The 2xx; rejects with CallFailed. */
  async answered(): Promise<SipResponse> {
    const outcome = await this.#outcome.promise
    if (outcome.kind !== 'answered') throw new CallFailed(outcome)
    return outcome.response
  }

  /** Called by the agent. */
  start(): void {
    this.rebind()
    this.#sendInvite()
  }

  /**
   * Gives up: CANCEL, once a provisional came (RFC 3261 §9.1), or at once where `eager` breaks that rule. A 200
   * that crosses it gets ACK and BYE. Throws after the 200: then it is `bye`.
   */
  cancel({ headers = {}, eager = false }: { headers?: HeaderFields; eager?: boolean } = {}): void {
    if (this.#outcome.settled) throw new Error(`the INVITE of ${this.callId} has its final response`)
    this.#cancel ??= { headers, sent: false }
    if (eager || this.#provisionals.length > 0) this.#sendCancel()
  }

  override hangUp(headers: HeaderFields = {}): void {
    if (this.isOver) return
    if (this.#acknowledge !== undefined) void this.bye(headers)
    else this.cancel({ headers })
  }

  override async abandon(): Promise<void> {
    this.#transaction?.stop()
    await super.abandon()
  }

  protected override release(): void {
    super.release()
    clearTimeout(this.#cancelDeadline)
    this.#provisionalWaiters.abandon(`call ${this.callId} is over`)
    if (!this.#outcome.settled) this.#outcome.resolve({ kind: 'cancelled', crossed: false })
  }

  #sendInvite(): void {
    const { ua, uri, options } = this
    const invite = this.#buildInvite(ua.authorization('INVITE', uri, options.headers, this.#challenges))
    this.#invite = invite
    this.#transaction = ua.peer.request(invite, ua.proxy, {
      onResponse: (response) => this.#receive(response),
      onTimeout: () => this.#fail(408, responseTo(invite, 408)),
    })
  }

  #buildInvite(authorization: HeaderFields): SipRequest {
    const { ua, uri, options } = this
    const { sdp = 'offer', reliable } = options
    const body = typeof sdp === 'object' ? sdp.verbatim : sdp === 'none' ? '' : this.#offer()
    const { displayName } = ua.options
    const name = displayName === undefined ? '' : `"${displayName}" `
    const from = options.from ?? `${name}<${ua.addressOfRecord}>`
    const timer = inviteTimerFields(ua.options.sessionTimer)
    const supported = [
      ...(reliable === 'supported' ? ['100rel'] : []),
      ...(timer['Supported'] ? ['timer'] : []),
    ]
    const own: HeaderFields = {
      'Max-Forwards': '70',
      From: `${from};tag=${this.localTag}`,
      To: `<${uri}>`,
      'Call-ID': this.callId,
      CSeq: `${++this.#sequence} INVITE`,
      Contact: `<${ua.contact()}>`,
      Allow: allowed,
      ...(reliable === 'required' ? { Require: '100rel' } : {}),
      ...timer,
      ...(supported.length > 0 ? { Supported: supported.join(', ') } : {}),
    }
    const headers = headerFields(mergeFields(own, bodyFields(body), options.headers, authorization))
    return { kind: 'request', method: 'INVITE', uri, headers, body }
  }

  /** The same offer for every attempt: a challenge does not make a new one. */
  #offered: string | undefined
  #offer(): string {
    this.#offered ??= this.media.offer()
    return this.#offered
  }

  #receive(response: SipResponse): void {
    if (response.status < 200) return this.#receiveProvisional(response)
    if (response.status < 300) return this.#receiveSuccess(response)
    if (this.#cancel === undefined && this.ua.challenged(response, this.#challenges)) {
      this.#challenges++
      return this.#sendInvite()
    }
    this.#fail(response.status, response)
  }

  #receiveProvisional(response: SipResponse): void {
    this.#provisionals.push(response)
    if (this.#cancel !== undefined) this.#sendCancel()
    if (tagOf(response, 'To') !== undefined && this.#invite !== undefined) {
      this.#dialogOf(this.#invite, response)
      if (hasOption(response, 'Require', '100rel')) this.#acknowledgeProvisional(response)
      else if (response.body !== '' && this.options.sdp !== 'none') this.session?.accept(response.body)
    }
    this.#provisionalWaiters.notifyAll(response)
  }

  /** The dialog that the response belongs to, which is the call's from now on. */
  #dialogOf(invite: SipRequest, response: SipResponse): Dialog {
    const known = this.dialog
    if (known !== undefined && known.id.remoteTag === tagOf(response, 'To')) return known
    return (this.dialog = Dialog.ofCaller(invite, response))
  }

  #acknowledgeProvisional(response: SipResponse): void {
    const sequence = Number(header(response, 'RSeq'))
    // A copy, or one that overtook another: RFC 3262 §4.
    if (this.dialog === undefined || (this.#lastReliable !== 0 && sequence !== this.#lastReliable + 1)) return
    this.#lastReliable = sequence
    const { number, method } = cseqOf(response)
    const body = this.#describe(response)
    // Its final response changes nothing here: the callee repeats the provisional where the PRACK was lost.
    void this.exchange('PRACK', { RAck: `${sequence} ${number} ${method}` }, body, this.dialog)
  }

  /** Takes the SDP of a response; the answer where it was an offer. */
  #describe(response: SipResponse): string {
    if (response.body === '' || this.session === undefined) return ''
    if (this.options.sdp === 'none' && this.session.remote === undefined)
      return this.session.answer(response.body) ?? ''
    this.session.accept(response.body)
    return ''
  }

  #receiveSuccess(response: SipResponse): void {
    const invite = this.#invite
    if (invite === undefined) return
    if (this.#acknowledge !== undefined) return this.#receiveSuccessAgain(invite, response)
    const dialog = this.#dialogOf(invite, response)
    dialog.refreshTarget(response)
    this.#acknowledge = this.acknowledge(dialog, invite, this.#describe(response))
    if (this.#cancel !== undefined) return this.#endCrossed()
    this.sessionTimer.agreed(response, 'us')
    this.#outcome.resolve({ kind: 'answered', response })
  }

  /** A copy gets its ACK again; the 200 of another branch gets ACK and BYE (RFC 3261 §13.2.2.4). */
  #receiveSuccessAgain(invite: SipRequest, response: SipResponse): void {
    if (this.dialog?.id.remoteTag === tagOf(response, 'To')) return this.#acknowledge?.()
    const other = Dialog.ofCaller(invite, response)
    this.acknowledge(other, invite)
    void this.exchange('BYE', {}, '', other)
  }

  #endCrossed(): void {
    this.#outcome.resolve({ kind: 'cancelled', crossed: true })
    void this.bye(this.#cancel?.headers)
  }

  #sendCancel(): void {
    const cancel = this.#cancel
    if (cancel === undefined || cancel.sent) return
    cancel.sent = true
    this.ua.peer.cancel(cancelOf(this.invite, cancel.headers), this.ua.proxy, {
      onResponse: () => undefined,
      onTimeout: () => undefined,
    })
    // §9.1: no final response in 64·T1 counts as the end.
    this.#cancelDeadline = setTimeout(() => {
      this.#transaction?.stop()
      this.finish({ how: 'cancelled', by: 'us' })
    }, 64 * this.ua.peer.timers.t1)
  }

  #fail(status: number, response: SipResponse): void {
    const cancelled = this.#cancel !== undefined && status === 487
    const outcome: CallOutcome = cancelled
      ? { kind: 'cancelled', crossed: false }
      : { kind: 'failed', status, response }
    this.#outcome.resolve(outcome)
    const how = cancelled ? 'cancelled' : 'failed'
    this.finish({ how, by: cancelled ? 'us' : 'them', status, ...reasonField(header(response, 'Reason')) })
  }
}
