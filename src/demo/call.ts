import { now } from './clock.js'
import { mergeFields, responseTo, type HeaderFields } from './sip/build.js'
import type { Dialog, DialogId } from './sip/dialog.js'
import { cseqOf, header, tagOf, type SipRequest, type SipResponse } from './sip/message.js'
import { allowed } from './sip/methods.js'
import type { ServerTransaction } from './sip/server-transaction.js'
import type { Direction } from './sip/sdp.js'
import type { Address } from './sip/uri.js'
import type { MediaSession } from './media-session.js'
import { SessionTimer } from './session-timer.js'
import { Deferred, Waiters } from './waiting.js'
import type { UserAgent } from './user-agent.js'

export interface CallEnding {
  readonly how: 'bye' | 'cancelled' | 'declined' | 'failed' | 'no-ack' | 'abandoned'
  readonly by: 'us' | 'them'
  /** The final status of the INVITE where it failed. */
  readonly status?: number
  /** The Reason header of the BYE, CANCEL or final response. */
  readonly reason?: string
  readonly at: number
}

export interface ModifyOptions {
  readonly direction?: Direction
  /** Sent as it is, in the stead of an offer of ours. */
  readonly sdp?: string
  readonly headers?: HeaderFields
}

/** A call from either side, as far as both are alike: what happens within the dialog, and how it ends. */
export abstract class Call {
  readonly #ended = new Deferred<CallEnding>()
  readonly #timer: SessionTimer
  readonly #infos = new Waiters<SipRequest>()
  #infoBodies: readonly string[] = []
  #modifying = false
  #unbind: () => void = () => undefined
  protected dialog: Dialog | undefined
  protected session: MediaSession | undefined

  protected constructor(protected readonly ua: UserAgent) {
    this.#timer = new SessionTimer({
      refresh: async () => void (await this.update()),
      expired: async () => void (await this.bye({ Reason: 'SIP;cause=408;text="Session expired"' })),
    })
  }

  abstract readonly callId: string
  /** The tag of this side: with the Call-ID it tells requests of this call. */
  protected abstract readonly localTag: string

  /** Resolves when the call is over, however; never rejects. */
  get ended(): Promise<CallEnding> {
    return this.#ended.promise
  }

  get isOver(): boolean {
    return this.#ended.settled
  }

  /** Throws where the call has no media of its own: SDP that a script wrote, or none yet. */
  get media(): MediaSession {
    if (this.session === undefined) throw new Error(`no media in call ${this.callId}`)
    return this.session
  }

  get mediaOrNone(): MediaSession | undefined {
    return this.session
  }

  get dialogId(): DialogId | undefined {
    return this.dialog?.id
  }

  /** Bodies of the INFO requests that came. */
  get infos(): readonly string[] {
    return this.#infoBodies
  }

  /** The next INFO. Rejects with WaitError. */
  nextInfo(deadlineMs = 5000): Promise<SipRequest> {
    return this.#infos.wait('INFO', deadlineMs, () => true)
  }

  /** Requests of this dialog come here, also after the agent changed its socket. */
  rebind(): void {
    this.#unbind()
    this.#unbind = this.ua.peer.onDialog(this.callId, this.localTag, (transaction) =>
      this.#receive(transaction),
    )
  }

  /** Ends the call; resolves with the response to BYE. */
  async bye(headers: HeaderFields = {}): Promise<SipResponse> {
    const dialog = this.#standing()
    const left = this.exchange('BYE', headers, '', dialog)
    this.finish({ how: 'bye', by: 'us', ...reasonField(headers['Reason']) })
    return left
  }

  /** Re-INVITE; resolves with its final response, which is acknowledged already. */
  async reinvite({ direction, sdp, headers = {} }: ModifyOptions = {}): Promise<SipResponse> {
    const dialog = this.#standing()
    const offer = sdp ?? this.media.offer(direction)
    this.#modifying = true
    try {
      const contact = { Contact: `<${this.ua.contact()}>`, ...headers }
      return await this.#inviteAgain(dialog, dialog.request('INVITE', contact, offer), sdp === undefined)
    } finally {
      this.#modifying = false
    }
  }

  hold(direction: Direction = 'sendonly'): Promise<SipResponse> {
    return this.reinvite({ direction })
  }

  unhold(): Promise<SipResponse> {
    return this.reinvite({ direction: 'sendrecv' })
  }

  /** UPDATE (RFC 3311), with an offer where a direction or SDP is named; else it refreshes the session. */
  async update({ direction, sdp, headers = {} }: ModifyOptions = {}): Promise<SipResponse> {
    const body = sdp ?? (direction === undefined ? '' : this.media.offer(direction))
    const fields = { Contact: `<${this.ua.contact()}>`, ...this.#timer.requestFields(), ...headers }
    const response = await this.exchange('UPDATE', fields, body)
    if (response.status < 300) {
      this.dialog?.refreshTarget(response)
      this.#timer.agreed(response, 'us')
      if (sdp === undefined && response.body !== '') this.session?.accept(response.body)
    }
    return response
  }

  info(body: string, contentType = 'application/dtmf-relay'): Promise<SipResponse> {
    return this.exchange('INFO', { 'Content-Type': contentType }, body)
  }

  /** By RFC 4733 packets, or by INFO with a dtmf-relay body for each digit. */
  async dtmf(digits: string, by: 'rtp' | 'info' = 'rtp', durationMs = 100): Promise<void> {
    if (by === 'rtp') return this.media.rtp.sendDigits(digits, durationMs)
    for (const digit of digits) await this.info(`Signal=${digit}\r\nDuration=${durationMs}\r\n`)
  }

  /** Any request within the dialog; its final response, 408 where none came. */
  exchange(method: string, headers: HeaderFields = {}, body = '', within?: Dialog): Promise<SipResponse> {
    const dialog = within ?? this.#standing()
    const build = (authorization: HeaderFields): SipRequest =>
      dialog.request(method, mergeFields(headers, authorization), body)
    return this.ua.exchange(method, dialog.remoteTarget, build, this.hopOf(dialog))
  }

  /** Ends it in whatever way suits its state; nothing where it is over. */
  abstract hangUp(headers?: HeaderFields): void

  /** The process behind it is gone: no message, no socket, no timer. */
  async abandon(): Promise<void> {
    this.finish({ how: 'abandoned', by: 'us' })
    await this.mediaClosed()
  }

  /** When the RTP ports of an ended call are free. */
  async mediaClosed(): Promise<void> {
    await this.session?.close()
  }

  protected hopOf(dialog: Dialog): Address {
    return this.ua.options.everythingToProxy === true ? this.ua.proxy : dialog.nextHop
  }

  /** A PRACK came; only a callee expects one. */
  protected receivePrack(transaction: ServerTransaction): void {
    transaction.respond(481)
  }

  /** Timers and retransmissions of the INVITE's own, which end with the call. */
  protected release(): void {
    this.#unbind()
  }

  protected get sessionTimer(): SessionTimer {
    return this.#timer
  }

  /** What a 2xx says of session timers: nothing, where this agent knows none. */
  protected timerAnswer(request: SipRequest): HeaderFields {
    return this.ua.options.sessionTimer === undefined ? {} : this.#timer.answerFields(request)
  }

  protected finish(ending: Omit<CallEnding, 'at'>): void {
    if (this.isOver) return
    this.#timer.stop()
    this.release()
    this.#infos.abandon('the call is over')
    this.#ended.resolve({ ...ending, at: now() })
    // Who needs the ports free awaits mediaClosed().
    void this.session?.close()
  }

  /** ACK of a 2xx, to be sent again for each copy of it (RFC 3261 §13.2.2.4). */
  protected acknowledge(dialog: Dialog, invite: SipRequest, body = ''): () => void {
    const ack = dialog.request('ACK', {}, body, cseqOf(invite).number)
    const sent = this.ua.peer.sendStateless(ack, this.hopOf(dialog))
    return () => void this.ua.peer.sendStateless(sent, this.hopOf(dialog))
  }

  #standing(): Dialog {
    if (this.dialog === undefined) throw new Error(`call ${this.callId} has no dialog yet`)
    if (this.isOver) throw new Error(`call ${this.callId} is over`)
    return this.dialog
  }

  #inviteAgain(dialog: Dialog, request: SipRequest, ours: boolean): Promise<SipResponse> {
    return new Promise((resolve) => {
      let acknowledge: (() => void) | undefined
      this.ua.peer.request(request, this.hopOf(dialog), {
        onResponse: (response) => {
          if (response.status < 200) return
          if (response.status < 300) {
            if (acknowledge !== undefined) return acknowledge()
            dialog.refreshTarget(response)
            acknowledge = this.acknowledge(dialog, request)
            this.#timer.agreed(response, 'us')
            if (ours) this.session?.accept(response.body)
          }
          resolve(response)
        },
        onTimeout: () => resolve(responseTo(request, 408)),
      })
    })
  }

  #receive(transaction: ServerTransaction): void {
    const { request } = transaction
    const { dialog } = this
    if (dialog === undefined || tagOf(request, 'From') !== dialog.id.remoteTag)
      return void transaction.respond(481)
    if (!dialog.accepts(request)) return void transaction.respond(500)
    switch (request.method) {
      case 'BYE':
        return this.#receiveBye(transaction)
      case 'INVITE':
      case 'UPDATE':
        return this.#receiveOffer(transaction)
      case 'INFO':
        this.#infoBodies = [...this.#infoBodies, request.body]
        transaction.respond(200)
        return this.#infos.notifyAll(request)
      case 'PRACK':
        return this.receivePrack(transaction)
      case 'OPTIONS':
        return void transaction.respond(200, { headers: { Allow: allowed } })
      default:
        return void transaction.respond(405, { headers: { Allow: allowed } })
    }
  }

  #receiveBye(transaction: ServerTransaction): void {
    transaction.respond(200)
    this.finish({ how: 'bye', by: 'them', ...reasonField(header(transaction.request, 'Reason')) })
  }

  #receiveOffer(transaction: ServerTransaction): void {
    const { request } = transaction
    // Our own offer is under way: RFC 3261 §14.2.
    if (this.#modifying) return void transaction.respond(491)
    const timer = this.timerAnswer(request)
    const headers = { Contact: `<${this.ua.contact()}>`, ...timer }
    if (request.body === '') {
      const offers = request.method === 'INVITE' && this.session !== undefined
      const response = transaction.respond(200, { headers, body: offers ? this.media.offer() : '' })
      if (offers) transaction.onAck = (ack) => void this.session?.accept(ack.body)
      return this.#timer.agreed(response, 'them')
    }
    const answer = this.session === undefined ? this.scriptedAnswer : this.session.answer(request.body)
    if (answer === undefined) return void transaction.respond(488)
    this.#timer.agreed(transaction.respond(200, { headers, body: answer }), 'them')
  }

  /** What a call without media of its own says to a new offer. */
  protected scriptedAnswer: string | undefined
}

export function reasonField(value: string | readonly string[] | undefined): { readonly reason?: string } {
  const reason = typeof value === 'string' ? value : value?.join(', ')
  return reason === undefined ? {} : { reason }
}
