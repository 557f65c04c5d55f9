import type { App, AppResponse, Outcome, ResponseSent } from '../control/app.js'
import { AnswerRepetition } from '../dialog/answer-repetition.js'
import { dialogId, type Dialog, type IncomingUsage } from '../dialog/dialog.js'
import { ReliableProvisionals } from '../dialog/reliable-provisional.js'
import { answerSession } from '../dialog/session-timer.js'
import { respondTo } from '../message/build.js'
import {
  callIdOf,
  cseqOf,
  fromTag,
  hasSdp,
  lists,
  type SipRequest,
  type SipResponse,
} from '../message/message.js'
import type { RAck } from '../message/values.js'
import type { Timer } from '../timer-set.js'
import type { ServerTransaction } from '../transaction/server-transaction.js'
import type { Flow } from '../transport/transport.js'
import { answerTag, buildResponse, readResponse, type GivenResponse } from './app-response.js'
import type { Answerable, Context, InviteOwner } from './context.js'
import { uasDialog } from './dialog-setup.js'
import { TRANSPORT_GONE, UNKNOWN_TRANSACTION } from './incoming-request.js'
import { madeUpCancel } from './made-up-cancel.js'
import { endByServer, removeDialog } from './sending.js'
import { startSession } from './session.js'

/**
 * One INVITE of a peer, new or within a dialog, from its arrival to its ACK.
 *
 *   offered --app: 1xx--> early --app: 2xx--> answered --ACK--> over
 *      \_______\__ app: 300-699, CANCEL, BYE, silence, app gone __/
 *
 * A 2xx waits in `early` while a reliable provisional is without its PRACK.
 */
type State = 'offered' | 'early' | 'answered' | 'over'

export class IncomingInvite implements Answerable, InviteOwner, IncomingUsage {
  private state: State = 'offered'
  private tag: string | undefined
  /** The app gave its final answer; it may not give another one. */
  private appDone = false
  private silence: Timer | undefined
  private repetition: AnswerRepetition | undefined
  /** Made for callers that take reliable provisionals, when there is one. */
  private reliables: ReliableProvisionals | undefined

  /** `dialog` is given for an INVITE within one. */
  constructor(
    private readonly context: Context,
    private readonly id: string,
    readonly app: App,
    private readonly transaction: ServerTransaction,
    private dialog?: Dialog,
  ) {
    const { timers, settings } = context
    context.answerable.set(id, this)
    context.inviteOwners.set(transaction, this)
    if (dialog) dialog.incomingInvite = this
    this.silence = timers.start(settings.timers.appSilence, () => this.abandon())
  }

  get open(): boolean {
    return this.state === 'offered' || this.state === 'early'
  }

  respond(given: AppResponse): Outcome<ResponseSent> {
    const { flow } = this.transaction
    if (!this.open || this.appDone) return { refused: UNKNOWN_TRANSACTION }
    // A response that could not be sent ended the transaction as well.
    if (!flow.open || !this.transaction.open) {
      this.abandon()
      return { refused: TRANSPORT_GONE }
    }
    this.silence?.stop()
    const answer = readResponse(given, flow)
    const problem = this.reliableProblem(answer)
    if (problem !== undefined) return { refused: problem }
    const response = this.build(answer)
    this.send(answer, response)
    return { dialogId: this.dialogId, response, flow }
  }

  /** CANCEL (RFC 3261 §9.2). After a 2xx drachtio-server answers 481, and ends the call. */
  cancelled(cancel: ServerTransaction, flow: Flow): void {
    const { request } = cancel
    if (!this.open) {
      cancel.respond(respondTo(request, 481, { tag: this.localTag() }))
      if (this.dialog) endByServer(this.context, this.dialog, 'CANCEL after 200 OK', 'call-canceled')
      return
    }
    cancel.respond(respondTo(request, 200, { tag: this.localTag() }))
    this.context.cdr.stop('network', 'call-canceled', request)
    this.terminate(487)
    this.tellCancelled(request, flow)
  }

  acknowledged(ack: SipRequest, flow: Flow): boolean {
    if (this.state !== 'answered' || cseqOf(ack)?.number !== cseqOf(this.transaction.request)?.number)
      return false
    this.finish()
    this.app.dialogRequest(this.id, this.dialogId, ack, flow)
    this.dialog?.answerSettled()
    return true
  }

  provisionalAcknowledged(rack: RAck, answer: (byApp: boolean) => void): boolean {
    if (!this.reliables?.acknowledge(rack)) return false
    // An app that has given its 2xx holds the call for established, and srf answers no PRACK within a dialog.
    answer(!this.appDone)
    this.reliables.proceed()
    return true
  }

  /** A BYE ends what is still unanswered too (RFC 3261 §15.1.2). */
  endedByPeer(): void {
    if (this.open) this.terminate(487)
    else if (this.state === 'answered') {
      this.finish()
      this.dialog?.answerSettled()
    }
  }

  /** Gives the INVITE out of hand: it will be proxied. Undefined where it was answered in part already. */
  release(): ServerTransaction | undefined {
    if (this.state !== 'offered') return undefined
    this.finish()
    return this.transaction
  }

  orphaned(): void {
    if (this.open) this.terminate(503)
  }

  /** Ends an early call for a reason that the app has to learn as it would learn of a CANCEL. */
  refuse(status: number, why: string): void {
    if (!this.open) return
    const { request, flow } = this.transaction
    const cancel = madeUpCancel(request, status, why)
    this.terminate(status)
    this.tellCancelled(cancel, flow)
  }

  private get dialogId(): string {
    const { request } = this.transaction
    return this.dialog?.id ?? dialogId(callIdOf(request), fromTag(request) ?? '')
  }

  /** The app may choose the tag with its first response; it stays the same from then on. */
  private localTag(chosen?: string): string {
    this.tag ??= answerTag(this.transaction.request, chosen)
    return this.tag
  }

  private build(answer: GivenResponse): SipResponse {
    const { request, flow } = this.transaction
    if (answer.status === 100) return buildResponse(request, answer, {})
    return buildResponse(request, answer, {
      tag: this.localTag(answer.tag),
      ...(answer.status < 300 && { contact: this.dialog?.contact ?? this.context.transports.contact(flow) }),
    })
  }

  private send(answer: GivenResponse, response: SipResponse): void {
    const { status } = answer
    if (status === 100) return this.transaction.respond(response)
    if (status >= 300) {
      this.context.cdr.stop('application', 'call-rejected', response)
      return this.end(response)
    }
    const dialog = this.dialogFor(response)
    if (hasSdp(response)) dialog.localSdp = response.body
    if (status < 200) {
      this.state = 'early'
      if (requiresReliability(answer)) this.submitReliably(response)
      else this.transaction.respond(response)
      return
    }
    this.appDone = true
    this.context.answerable.delete(this.id)
    this.agreeOnSession(dialog, answer, response)
    // RFC 3262 §3: no 2xx while a provisional awaits its PRACK.
    if (this.reliables?.busy) this.reliables.submitFinal(response)
    else this.sendAnswer(response)
  }

  private submitReliably(response: SipResponse): void {
    const { settings, timers } = this.context
    const { transaction } = this
    this.reliables ??= new ReliableProvisionals(
      cseqOf(transaction.request)?.number ?? 0,
      settings.timers,
      timers,
      {
        send: (provisional) => transaction.respond(provisional),
        release: (final) => this.sendAnswer(final),
        expired: () => this.refuse(504, 'No PRACK'),
      },
    )
    this.reliables.submit(response)
  }

  private reliableProblem(answer: GivenResponse): string | undefined {
    if (!requiresReliability(answer)) return undefined
    const { request } = this.transaction
    const able = lists(request, 'supported', '100rel') || lists(request, 'require', '100rel')
    return able ? undefined : 'Remote endpoint does not support 100rel'
  }

  private dialogFor(response: SipResponse): Dialog {
    if (this.dialog) return this.dialog
    this.dialog = uasDialog(this.context, this.app, this.transaction, response, 'invite')
    this.dialog.incomingInvite = this
    this.context.dialogs.add(this.dialog)
    return this.dialog
  }

  private agreeOnSession(dialog: Dialog, answer: GivenResponse, response: SipResponse): void {
    const { timers, sessionRefresher } = this.context.settings
    const wanted = answer.headers.get('session-expires')
    const agreed = answerSession(this.transaction.request, wanted, timers.minSessionExpires, sessionRefresher)
    if (agreed) startSession(this.context, dialog, agreed, response)
    // The peer refreshed until now, and does not go on with it.
    else if (dialog.session?.terms?.weRefresh === false) dialog.session.stop()
  }

  private sendAnswer(response: SipResponse): void {
    const { timers, settings, cdr } = this.context
    this.state = 'answered'
    if (this.dialog) {
      this.dialog.confirmed = true
      this.dialog.answerSent()
    }
    this.repetition = new AnswerRepetition(
      settings.timers,
      timers,
      () => this.transaction.respond(response),
      () => this.neverAcknowledged(),
    )
    this.repetition.start()
    cdr.start('application', 'uas', response)
  }

  private neverAcknowledged(): void {
    this.finish()
    if (!this.dialog) return
    endByServer(this.context, this.dialog, 'ACK timeout', 'system-initiated-termination')
    this.dialog.answerSettled()
  }

  private terminate(status: number): void {
    this.end(respondTo(this.transaction.request, status, { tag: this.localTag() }))
  }

  private end(final: SipResponse): void {
    this.transaction.respond(final)
    this.finish()
    if (this.dialog && !this.dialog.confirmed) removeDialog(this.context, this.dialog)
  }

  private abandon(): void {
    this.transaction.abandon()
    this.finish()
    if (this.dialog && !this.dialog.confirmed) removeDialog(this.context, this.dialog)
  }

  private finish(): void {
    this.silence?.stop()
    this.repetition?.stop()
    this.reliables?.stop()
    this.context.answerable.delete(this.id)
    this.context.inviteOwners.delete(this.transaction)
    if (this.state === 'answered') this.transaction.settled()
    this.state = 'over'
    if (this.dialog?.incomingInvite === this) this.dialog.incomingInvite = undefined
  }

  /**
   * An app that has answered already, its 2xx still waiting for a PRACK, holds the call for established: it
   * learns the end as that of a dialog.
   */
  private tellCancelled(cancel: SipRequest, flow: Flow): void {
    if (!this.appDone || !this.dialog) {
      return this.app.cancelled(this.id, this.dialog?.id ?? '', cancel, flow)
    }
    const bye = this.dialog.createRequest('BYE')
    bye.headers.add('Reason', 'SIP;cause=487;text="Request Terminated"')
    this.app.dialogEnded(this.dialog.id, bye, flow)
  }
}

function requiresReliability(answer: GivenResponse): boolean {
  return answer.status > 100 && answer.status < 200 && /\b100rel\b/i.test(answer.headers.get('require') ?? '')
}
