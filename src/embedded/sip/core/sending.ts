import { respondTo } from '../message/build.js'
import type { SipRequest, SipResponse } from '../message/message.js'
import type { Dialog } from '../dialog/dialog.js'
import type { ClientFailure, ClientUser } from '../transaction/client-transaction.js'
import type { Flow } from '../transport/transport.js'
import type { CdrEnding } from './cdr.js'
import type { Context } from './context.js'

/** Goes on with the flow at once where it is known, which keeps the order in which requests were given. */
export function withFlow(context: Context, flow: Flow | Promise<Flow>, use: (flow: Flow) => void): void {
  if (flow instanceof Promise)
    flow.then(use).catch((error: unknown) => context.fault('sending a request', error))
  else use(flow)
}

/**
 * The flow for a request within a dialog: the dialog's own connection while it lives, else where the NAT
 * override or the route set lead.
 */
export function dialogFlow(context: Context, dialog: Dialog, request: SipRequest): Flow | Promise<Flow> {
  const moved = context.registered.find(dialog.target)
  if (moved) return moved
  if (dialog.flow.point.reliable && dialog.flow.open) return dialog.flow
  const hop = dialog.routeOverride ?? dialog.nextHop(request)
  return context.transports.flowTo(hop, dialog.flow.point) ?? dialog.flow
}

/** The final response that takes the place of one that never came (RFC 3261 §8.1.3.1). */
export function localResponse(request: SipRequest, failure: ClientFailure): SipResponse {
  return respondTo(request, failure === 'timeout' ? 408 : 503)
}

/** For requests of the server itself whose answer changes nothing. */
export const UNHEARD: ClientUser = { response: () => undefined, failed: () => undefined }

/** Takes a dialog out of the tables, and stops what runs for it. */
export function removeDialog(context: Context, dialog: Dialog): void {
  context.dialogs.remove(dialog)
  dialog.session?.stop()
}

/**
 * Ends a dialog by a BYE of the server's own, and tells the app. The BYE waits for an outstanding ACK
 * (RFC 3261 §15: not before it on an answered call).
 *
 * @param reasons Reason values to say in place of the server's own
 */
export function endByServer(
  context: Context,
  dialog: Dialog,
  why: string,
  ending: CdrEnding,
  reasons: readonly string[] = [],
): void {
  if (dialog.ended || dialog.closing || dialog.byeSent) return
  dialog.closing = true
  const bye = dialog.createRequest('BYE')
  const own = `SIP;cause=200;text="${why}"`
  for (const reason of reasons.length === 0 ? [own] : reasons) bye.headers.add('Reason', reason)
  const send = (flow: Flow) => {
    const transaction = context.layer.prepare(bye, flow, UNHEARD)
    dialog.app.dialogEnded(dialog.id, bye, flow)
    context.cdr.stop('application', ending, bye)
    dialog.whenAcknowledged(() => {
      removeDialog(context, dialog)
      transaction.start()
    })
  }
  withFlow(context, dialogFlow(context, dialog, bye), send)
}
