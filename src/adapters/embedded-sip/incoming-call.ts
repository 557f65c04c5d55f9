import type { Flow, SipRequest } from '../../embedded/sip/index.js'
import { type Final, type IncomingCall, type Leg, SipFailure } from '../../ports/signaling.js'
import { EmbeddedLeg } from './leg.js'
import type { Answer, Dependent, DialogUser, Line } from './line.js'
import { EmbeddedRequest } from './request.js'
import type { Strays } from './strays.js'

type Provisional = Parameters<IncomingCall['provisional']>[0]

/** The caller's INVITE, until it has its final answer. */
export class EmbeddedIncomingCall extends EmbeddedRequest implements IncomingCall, DialogUser, Dependent {
  private cancelled: { readonly reason: string | undefined } | undefined
  private finished = false
  private listener: ((reason: string | undefined) => void) | undefined
  /** Of its early dialog. */
  private dialogId: string | undefined
  /** Made where the caller takes no other than reliable provisionals (RFC 3262 §3). */
  private readonly order: ReliableOrder | undefined

  constructor(
    line: Line,
    id: string,
    message: SipRequest,
    flow: Flow,
    private readonly strays: Strays,
    /** The call is over, or has become a leg. */
    private readonly done: (id: string) => void,
  ) {
    super(line, id, message, flow)
    const reliable = this.headers('require').some((tag) => tag.toLowerCase() === '100rel')
    this.order = reliable ? new ReliableOrder() : undefined
  }

  get offer(): string {
    return this.body
  }

  async provisional(response: Provisional): Promise<void> {
    if (this.over) return
    if (this.order === undefined) return this.send(response)
    await this.order.turn()
    if (this.over) return
    try {
      this.send(response)
    } catch (error) {
      // Whoever waits behind it has its turn.
      this.order.acknowledged()
      throw error
    }
  }

  async answer({ sdp, headers = [] }: Parameters<IncomingCall['answer']>[0]): Promise<Leg> {
    // RFC 3262 §3: no 2xx before the PRACK of the last one.
    await this.order?.turn()
    if (this.cancelled !== undefined) throw new SipFailure(487, 'the caller has cancelled')
    const dialogId = this.end(200, { headers, body: sdp })
    const leg = new EmbeddedLeg(this.line, { dialogId, remoteSdp: this.body })
    return this.message.body.length === 0 ? leg.acknowledged() : leg
  }

  // Async, so that what cannot be sent rejects.
  // eslint-disable-next-line @typescript-eslint/require-await
  async reject({ status, phrase, headers }: Final): Promise<void> {
    if (this.over) return
    this.end(status, { phrase, ...(headers && { headers }) })
  }

  onCancel(listener: (reason: string | undefined) => void): void {
    this.listener = listener
    if (this.cancelled !== undefined) listener(this.cancelled.reason)
  }

  /** A CANCEL came, or the server gave the call up. */
  cancelledBecause(reason: string | undefined): void {
    if (this.over) return
    this.cancelled = { reason }
    this.finish()
    this.listener?.(reason)
  }

  dialogRequest(id: string, request: SipRequest, flow: Flow): void {
    switch (request.method) {
      case 'PRACK':
        this.line.answer(id, 200)
        return this.order?.acknowledged()
      case 'UPDATE':
        // RFC 3311 §5.2: no offer is taken before the call is answered.
        return this.line.answer(id, 500, { headers: [['Retry-After', '5']] })
      default:
        return this.strays.request(id, request, flow)
    }
  }

  endedByServer(reason: string | undefined): void {
    this.cancelledBecause(reason)
  }

  /** Whoever waits for a PRACK goes on, and finds that nothing can be sent. */
  lost(): void {
    this.finish()
  }

  private get over(): boolean {
    return this.finished
  }

  /** The final response. What the server does not take has no transaction any more: the call is over as well. */
  private end(status: number, answer: Answer): string {
    try {
      const dialogId = this.line.respond(this.id, status, answer)
      this.finish()
      return dialogId
    } catch (error) {
      if (error instanceof SipFailure) this.finish()
      throw error
    }
  }

  private send({ status, phrase, headers = [], sdp }: Provisional): void {
    const required = this.order === undefined ? headers : [...headers, ['Require', '100rel'] as const]
    const dialogId = this.line.respond(this.id, status, { phrase, headers: required, body: sdp })
    if (status === 100) return
    this.order?.sent()
    this.dialogId = dialogId
    this.line.dialogs.set(dialogId, this)
  }

  private finish(): void {
    if (this.finished) return
    this.finished = true
    this.order?.abandon()
    if (this.dialogId !== undefined) this.line.forget(this.dialogId, this)
    this.done(this.id)
  }
}

/** Reliable provisionals of one INVITE, one at a time: each waits for the PRACK of the one before. */
class ReliableOrder {
  private outstanding = false
  private readonly waiting: (() => void)[] = []

  /** Resolves when nothing that was sent is without its PRACK, or nothing will be any more. */
  turn(): Promise<void> | undefined {
    if (!this.outstanding && this.waiting.length === 0) return undefined
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  sent(): void {
    this.outstanding = true
  }

  acknowledged(): void {
    this.outstanding = false
    this.waiting.shift()?.()
  }

  /** The INVITE is over: no PRACK is to be waited for. */
  abandon(): void {
    this.outstanding = false
    for (const go of this.waiting.splice(0)) go()
  }
}
