import type { App, AppResponse, Outcome, ResponseSent } from '../control/app.js'
import type { Dialog } from '../dialog/dialog.js'
import { answerSession } from '../dialog/session-timer.js'
import { respondTo } from '../message/build.js'
import { hasSdp, type SipResponse } from '../message/message.js'
import type { Timer } from '../timer-set.js'
import type { ServerTransaction } from '../transaction/server-transaction.js'
import { answerTag, buildResponse, readResponse, type GivenResponse } from './app-response.js'
import type { Answerable, Context } from './context.js'
import { startSession } from './session.js'
import { uasDialog } from './dialog-setup.js'

export const UNKNOWN_TRANSACTION = 'Response not sent due to unknown transaction'
export const TRANSPORT_GONE = 'transport for response has been shutdown or closed'

/** A request other than INVITE that an app has been given, within a dialog or not. */
export class IncomingRequest implements Answerable {
  private readonly silence: Timer

  constructor(
    private readonly context: Context,
    private readonly id: string,
    readonly app: App,
    private readonly transaction: ServerTransaction,
    private readonly dialog?: Dialog,
  ) {
    context.answerable.set(id, this)
    this.silence = context.timers.start(context.settings.timers.appSilence, () => this.abandon())
  }

  respond(given: AppResponse): Outcome<ResponseSent> {
    const { request, flow } = this.transaction
    if (!flow.open || !this.transaction.open) {
      this.abandon()
      return { refused: TRANSPORT_GONE }
    }
    this.silence.stop()
    const answer = readResponse(given, flow)
    const subscribes = request.method === 'SUBSCRIBE'
    const response = buildResponse(request, answer, {
      ...(answer.status > 100 && { tag: answerTag(request, answer.tag) }),
      ...(subscribes && answer.status < 300 && { contact: this.context.transports.contact(flow) }),
    })
    const dialog = this.accept(answer, response)
    this.transaction.respond(response)
    if (answer.status >= 200) this.finish()
    return { dialogId: dialog?.id ?? '', response, flow }
  }

  /** Gives the request out of hand: it will be proxied. */
  release(): ServerTransaction {
    this.finish()
    return this.transaction
  }

  orphaned(): void {
    this.transaction.respond(
      respondTo(this.transaction.request, 503, { tag: answerTag(this.transaction.request, undefined) }),
    )
    this.finish()
  }

  /** What a 2xx brings about besides being sent. Answers the dialog that it belongs to. */
  private accept(answer: GivenResponse, response: SipResponse): Dialog | undefined {
    const { request, flow } = this.transaction
    if (answer.status < 200 || answer.status >= 300) return this.dialog
    switch (request.method) {
      case 'REGISTER':
        this.context.registered.learn(request, response, flow)
        return this.dialog
      case 'SUBSCRIBE': {
        this.context.registered.learn(request, response, flow)
        if (this.dialog) return this.dialog
        const dialog = uasDialog(this.context, this.app, this.transaction, response, 'subscribe')
        dialog.confirmed = true
        this.context.dialogs.add(dialog)
        return dialog
      }
      case 'UPDATE':
        if (this.dialog) this.acceptUpdate(this.dialog, answer, response)
        return this.dialog
      default:
        return this.dialog
    }
  }

  /** An UPDATE refreshes the session (RFC 4028 §9), and may change it (RFC 3311). */
  private acceptUpdate(dialog: Dialog, answer: GivenResponse, response: SipResponse): void {
    const { timers, sessionRefresher } = this.context.settings
    const agreed = answerSession(
      this.transaction.request,
      answer.headers.get('session-expires'),
      timers.minSessionExpires,
      sessionRefresher,
    )
    if (agreed) startSession(this.context, dialog, agreed, response)
    if (hasSdp(response)) dialog.localSdp = response.body
  }

  /** The app never answered. The sender's own timers end its side; nothing is sent (as drachtio-server does). */
  private abandon(): void {
    this.transaction.abandon()
    this.finish()
  }

  private finish(): void {
    this.silence.stop()
    this.context.answerable.delete(this.id)
    if (this.dialog?.pendingUpdate === this.transaction) this.dialog.pendingUpdate = undefined
  }
}
