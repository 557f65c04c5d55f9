import type { App, Requester } from '../control/app.js'
import type { Dialog } from '../dialog/dialog.js'
import { acceptSession } from '../dialog/session-timer.js'
import type { SipRequest, SipResponse } from '../message/message.js'
import type { ClientFailure, ClientUser } from '../transaction/client-transaction.js'
import type { Flow } from '../transport/transport.js'
import type { Awaited, Context } from './context.js'
import { learnPeer, refreshTarget } from './dialog-setup.js'
import { localResponse, removeDialog } from './sending.js'
import { watchSession } from './session.js'

/** A request other than INVITE that an app has sent, within a dialog or not. */
export class OutgoingRequest implements ClientUser, Awaited {
  constructor(
    private readonly context: Context,
    private readonly id: string,
    readonly app: App,
    private readonly requester: Requester,
    private readonly request: SipRequest,
    private readonly flow: Flow,
    private readonly dialog?: Dialog,
  ) {
    context.awaited.set(id, this)
  }

  response(response: SipResponse, flow: Flow): void {
    const { status } = response
    if (status === 100) return
    if (status >= 200) this.finish(response, flow)
    this.requester.response(this.id, this.dialog?.id ?? '', response, flow)
  }

  failed(failure: ClientFailure): void {
    const response = localResponse(this.request, failure)
    this.finish(response, this.flow)
    this.requester.response(this.id, this.dialog?.id ?? '', response, this.flow)
  }

  orphaned(): void {
    this.context.awaited.delete(this.id)
  }

  private finish(response: SipResponse, flow: Flow): void {
    this.context.awaited.delete(this.id)
    const { dialog } = this
    if (!dialog) return
    switch (this.request.method) {
      case 'BYE':
        // A challenged BYE will be sent again; any other answer, or none, ends the dialog (§15.1.1).
        if (response.status === 401 || response.status === 407) dialog.byeSent = false
        else removeDialog(this.context, dialog)
        return
      case 'SUBSCRIBE':
        return this.subscribed(dialog, response, flow)
      case 'NOTIFY':
        if (dialog.kind === 'subscribe' && endsSubscription(this.request)) removeDialog(this.context, dialog)
        return
      case 'UPDATE':
        if (response.status < 300) this.updated(dialog, response, flow)
    }
  }

  private subscribed(dialog: Dialog, response: SipResponse, flow: Flow): void {
    if (response.status < 300) {
      if (!dialog.confirmed) learnPeer(this.context, dialog, response, flow)
      dialog.confirmed = true
    } else if (!dialog.confirmed) removeDialog(this.context, dialog)
  }

  private updated(dialog: Dialog, response: SipResponse, flow: Flow): void {
    refreshTarget(this.context, dialog, response, flow)
    const terms = acceptSession(response)
    if (terms && !dialog.ended) watchSession(this.context, dialog, terms)
  }
}

/** RFC 6665 §4.1.3. */
export function endsSubscription(notify: SipRequest): boolean {
  return /^\s*terminated\b/i.test(notify.headers.get('subscription-state') ?? '')
}
