import type { SipRequest } from '../../embedded/sip/index.js'
import { type Leg, type LegEvents, SipFailure } from '../../ports/signaling.js'
import { sendInDialog } from './dialog-request.js'
import type { Password } from './digest.js'
import { type Dependent, type DialogUser, type Line, reasonOf } from './line.js'

const SDP = [['Content-Type', 'application/sdp']] as const

export interface LegStart {
  readonly dialogId: string
  readonly remoteSdp: string
  /** For challenges to what is sent within the dialog. */
  readonly password?: Password | undefined
}

/** An established dialog of the embedded server. */
export class EmbeddedLeg implements Leg, DialogUser, Dependent {
  remoteSdp: string
  private readonly dialogId: string
  private readonly password: Password | undefined
  private listener: LegEvents | undefined
  private over = false
  /** A BYE may come between the 200 and the moment that somebody listens. */
  private early: { readonly reason: string | undefined } | undefined
  /** Waits for the ACK to a 2xx. */
  private whenAcknowledged: ((came: boolean) => void) | undefined

  constructor(
    private readonly line: Line,
    { dialogId, remoteSdp, password }: LegStart,
  ) {
    this.dialogId = dialogId
    this.remoteSdp = remoteSdp
    this.password = password
    line.dialogs.set(dialogId, this)
    line.dependents.add(this)
  }

  listen(events: LegEvents): void {
    this.listener = events
    if (this.early !== undefined) events.ended(this.early.reason)
  }

  /** Our 200 carried the offer: resolves when its answer has come in the ACK (RFC 3264 §4). */
  acknowledged(): Promise<Leg> {
    return new Promise((resolve, reject) => {
      this.whenAcknowledged = (came) => {
        this.whenAcknowledged = undefined
        if (came) resolve(this)
        else reject(new SipFailure(487, 'the caller hung up, or never sent its ACK'))
      }
    })
  }

  info(contentType: string, body: string): Promise<void> {
    if (this.over) return Promise.reject(new SipFailure(481, 'the leg is over'))
    const sending = { method: 'INFO', headers: [['Content-Type', contentType]] as const, body }
    return new Promise((resolve, reject) => {
      sendInDialog(this.line, this.dialogId, sending, this.password, (outcome) => {
        if (outcome instanceof SipFailure) reject(outcome)
        else if (outcome >= 300) reject(new SipFailure(outcome, `INFO was answered with ${outcome}`))
        else resolve()
      })
    })
  }

  hangUp(reason: string | undefined): Promise<void> {
    if (!this.finish()) return Promise.resolve()
    const headers = reason === undefined ? [] : [['Reason', reason] as const]
    return new Promise((resolve) => {
      sendInDialog(this.line, this.dialogId, { method: 'BYE', headers }, this.password, (outcome) => {
        // The far side did not answer or had hung up itself: the leg is over either way.
        if (outcome !== 200) this.line.log.debug({ outcome }, 'a BYE got no 200')
        // Until now a BYE of the other side's could cross ours.
        this.line.forget(this.dialogId, this)
        resolve()
      })
    })
  }

  dialogRequest(id: string, request: SipRequest): void {
    switch (request.method) {
      case 'ACK':
        return this.ackCame(request)
      case 'BYE':
        this.line.answer(id, 200)
        return this.ended(reasonOf(request))
      case 'INVITE':
        if (this.over) return this.line.answer(id, 481)
        this.remoteSdp = request.body.toString('utf8')
        return this.forListener((events) => this.reoffered(events, id, request))
      case 'UPDATE':
        // Without a body it refreshes the session (RFC 4028 §7.4); with one it is an offer (RFC 3311).
        if (this.over) return this.line.answer(id, 481)
        if (request.body.length === 0) return this.line.answer(id, 200)
        return this.forListener((events) => this.reoffered(events, id, request))
      case 'INFO':
        if (this.over) return this.line.answer(id, 481)
        return this.forListener((events) => this.informed(events, id, request))
      default:
        return this.other(id, request)
    }
  }

  endedByServer(reason: string | undefined): void {
    this.ended(reason)
  }

  lost(): void {
    this.finish()
    this.line.forget(this.dialogId, this)
    this.whenAcknowledged?.(false)
  }

  private other(id: string, { method }: SipRequest): void {
    switch (method) {
      case 'REFER':
        // Transfers are the application's business, and it has none yet.
        return this.line.answer(id, 603)
      case 'SUBSCRIBE':
        return this.line.answer(id, 489)
      case 'OPTIONS':
      case 'MESSAGE':
      case 'NOTIFY':
      case 'PUBLISH':
        return this.line.answer(id, 200)
      default:
        return this.line.answer(id, 501)
    }
  }

  /**
   * What is behind the answer in the same read comes before anybody could listen: it waits for a turn of the event
   * loop.
   */
  private forListener(handle: (events: LegEvents | undefined) => Promise<void>): void {
    if (this.listener !== undefined) void handle(this.listener)
    else setImmediate(() => void handle(this.listener))
  }

  private async reoffered(events: LegEvents | undefined, id: string, request: SipRequest): Promise<void> {
    if (events === undefined) return this.line.answer(id, 491)
    try {
      const sdp = await events.reoffered(request.body.toString('utf8'))
      this.line.respond(id, 200, { body: sdp, headers: SDP })
    } catch (error) {
      this.line.log.info({ err: error }, 'a re-INVITE could not be served')
      this.line.answer(id, 488)
    }
  }

  private async informed(events: LegEvents | undefined, id: string, request: SipRequest): Promise<void> {
    const type = request.headers.get('content-type') ?? ''
    let status = 200
    try {
      // An INFO without a body asks for nothing (RFC 2976); one with a body is the other side's to take.
      if (request.body.length > 0 && events !== undefined) {
        status = await events.info(type, request.body.toString('utf8'))
      }
    } catch (error) {
      this.line.log.info({ err: error }, 'an INFO could not be passed on')
      status = 500
    }
    this.line.answer(id, status)
  }

  private ackCame(ack: SipRequest): void {
    if (ack.body.length > 0) this.remoteSdp = ack.body.toString('utf8')
    this.whenAcknowledged?.(true)
  }

  private ended(reason: string | undefined): void {
    this.line.forget(this.dialogId, this)
    if (!this.finish()) return
    this.whenAcknowledged?.(false)
    if (this.listener === undefined) this.early = { reason }
    else this.listener.ended(reason)
  }

  private finish(): boolean {
    if (this.over) return false
    this.over = true
    this.line.dependents.delete(this)
    return true
  }
}
