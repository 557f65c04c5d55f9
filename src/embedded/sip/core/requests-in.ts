import { dialogId, type Dialog } from '../dialog/dialog.js'
import { isTooShort } from '../dialog/session-timer.js'
import { newId, newTag } from '../ids.js'
import { respondTo } from '../message/build.js'
import { callIdOf, cseqOf, fromTag, toTag, type SipRequest } from '../message/message.js'
import { parseRAck } from '../message/values.js'
import type { ServerTransaction } from '../transaction/server-transaction.js'
import type { Flow } from '../transport/transport.js'
import type { Context } from './context.js'
import { refreshTarget } from './dialog-setup.js'
import { IncomingInvite } from './incoming-invite.js'
import { IncomingRequest } from './incoming-request.js'
import { endsSubscription } from './outgoing-request.js'
import { removeDialog } from './sending.js'

/** Requests that make no sense outside the dialog that they name. */
const DIALOG_ONLY = new Set(['INVITE', 'BYE', 'UPDATE', 'PRACK'])

/** Methods that exist: without an app for them the server is unavailable; others it does not know at all. */
const KNOWN_METHODS = new Set([
  ...['INVITE', 'BYE', 'OPTIONS', 'REGISTER', 'INFO', 'PRACK', 'UPDATE', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY'],
  ...['REFER', 'PUBLISH'],
])

function reply(
  context: Context,
  transaction: ServerTransaction,
  status: number,
  headers: readonly (readonly [string, string])[] = [],
): void {
  if (status === 503) context.counters.refused++
  transaction.respond(respondTo(transaction.request, status, { tag: newTag(), headers }))
}

/** A request from the network, in a transaction of its own: within a dialog, or for an app to take. */
export function receiveRequest(context: Context, transaction: ServerTransaction): void {
  const { request } = transaction
  const dialog = context.dialogs.match(request)
  if (dialog) return receiveDialogRequest(context, transaction, dialog)
  const { method } = request
  if (DIALOG_ONLY.has(method) && (method !== 'INVITE' || toTag(request) !== undefined)) {
    return reply(context, transaction, 481)
  }
  receiveNewRequest(context, transaction)
}

function receiveNewRequest(context: Context, transaction: ServerTransaction): void {
  const { request, flow } = transaction
  const { method } = request
  const { limits, timers } = context.settings
  const makesDialog = method === 'INVITE' || method === 'SUBSCRIBE'
  if (makesDialog && context.dialogs.size >= limits.dialogs) {
    return reply(context, transaction, 503, [['Retry-After', '10']])
  }
  // A request of this server's own that came back to it, or a second call under the id of a live one: apps know
  // dialogs by Call-ID and From tag alone, and could not tell the two apart.
  if (makesDialog && context.dialogs.find(dialogId(callIdOf(request), fromTag(request) ?? ''))) {
    return reply(context, transaction, 482)
  }
  if (method === 'INVITE' && isTooShort(request, timers.minSessionExpires)) {
    return reply(context, transaction, 422, [['Min-SE', String(timers.minSessionExpires)]])
  }
  const app = context.routes.next(method)
  if (!app) return reply(context, transaction, KNOWN_METHODS.has(method) ? 503 : 501)
  const id = newId()
  if (method === 'INVITE') {
    new IncomingInvite(context, id, app, transaction)
    context.cdr.attempt('network', request)
  } else new IncomingRequest(context, id, app, transaction)
  app.request(id, request, flow)
}

function receiveDialogRequest(context: Context, transaction: ServerTransaction, dialog: Dialog): void {
  const { request } = transaction
  const number = cseqOf(request)?.number ?? 0
  // RFC 3261 §12.2.2: a lower number is out of order.
  if (dialog.remoteSeq !== undefined && number < dialog.remoteSeq) return reply(context, transaction, 500)
  dialog.remoteSeq = number
  if (dialog.closing) return reply(context, transaction, request.method === 'BYE' ? 200 : 481)
  if (!dialog.app.connected) {
    reply(context, transaction, 481)
    if (request.method === 'BYE') endedByPeer(context, dialog)
    return
  }
  switch (request.method) {
    case 'INVITE':
      return receiveReinvite(context, transaction, dialog)
    case 'UPDATE':
      return receiveUpdate(context, transaction, dialog)
    case 'PRACK':
      return receivePrack(context, transaction, dialog)
    case 'BYE':
      return receiveBye(context, transaction, dialog)
    case 'SUBSCRIBE':
    case 'NOTIFY':
      refreshTarget(context, dialog, request, transaction.flow)
      handOn(context, transaction, dialog)
      if (request.method === 'NOTIFY' && dialog.kind === 'subscribe' && endsSubscription(request)) {
        removeDialog(context, dialog)
      }
      return
    default:
      return handOn(context, transaction, dialog)
  }
}

function handOn(context: Context, transaction: ServerTransaction, dialog: Dialog): void {
  const id = newId()
  new IncomingRequest(context, id, dialog.app, transaction, dialog)
  dialog.app.dialogRequest(id, dialog.id, transaction.request, transaction.flow)
}

function receiveReinvite(context: Context, transaction: ServerTransaction, dialog: Dialog): void {
  // RFC 3261 §14.2: one INVITE at a time, whoever sends it.
  if (dialog.incomingInvite) return reply(context, transaction, 500, [['Retry-After', String(retryAfter())]])
  if (dialog.outgoingInvite) return reply(context, transaction, 491)
  if (refusedAsTooShort(context, transaction)) return
  refreshTarget(context, dialog, transaction.request, transaction.flow)
  const id = newId()
  new IncomingInvite(context, id, dialog.app, transaction, dialog)
  dialog.app.dialogRequest(id, dialog.id, transaction.request, transaction.flow)
}

function receiveUpdate(context: Context, transaction: ServerTransaction, dialog: Dialog): void {
  // RFC 3311 §5.2.
  if (dialog.pendingUpdate) return reply(context, transaction, 500, [['Retry-After', String(retryAfter())]])
  if (refusedAsTooShort(context, transaction)) return
  refreshTarget(context, dialog, transaction.request, transaction.flow)
  dialog.pendingUpdate = transaction
  handOn(context, transaction, dialog)
}

function refusedAsTooShort(context: Context, transaction: ServerTransaction): boolean {
  const { minSessionExpires } = context.settings.timers
  if (!isTooShort(transaction.request, minSessionExpires)) return false
  reply(context, transaction, 422, [['Min-SE', String(minSessionExpires)]])
  return true
}

/** 0 to 10 seconds, at random, so that both sides do not meet again. */
function retryAfter(): number {
  return Math.floor(Math.random() * 11)
}

/** RFC 3262 §3: a PRACK that matches no provisional gets 481. The app answers all others, if it can. */
function receivePrack(context: Context, transaction: ServerTransaction, dialog: Dialog): void {
  const rack = parseRAck(transaction.request.headers.get('rack') ?? '')
  const matched =
    rack !== undefined &&
    dialog.incomingInvite?.provisionalAcknowledged(rack, (byApp) => {
      if (byApp) handOn(context, transaction, dialog)
      else reply(context, transaction, 200)
    })
  if (!matched) reply(context, transaction, 481)
}

function receiveBye(context: Context, transaction: ServerTransaction, dialog: Dialog): void {
  context.cdr.stop('network', 'normal-release', transaction.request)
  if (dialog.confirmed) {
    endedByPeer(context, dialog)
    return handOn(context, transaction, dialog)
  }
  // An early dialog: the app knows a call being set up, and learns its end as that of a cancelled one.
  reply(context, transaction, 200)
  const invite = dialog.incomingInvite
  if (invite instanceof IncomingInvite) invite.refuse(487, 'BYE in an early dialog')
  endedByPeer(context, dialog)
}

function endedByPeer(context: Context, dialog: Dialog): void {
  removeDialog(context, dialog)
  dialog.incomingInvite?.endedByPeer()
  if (dialog.outgoingInvite?.pending && dialog.confirmed) dialog.outgoingInvite.cancel()
}

/** An ACK that no transaction took: it belongs to a 2xx (RFC 3261 §13.2.2.4), or to nothing. */
export function receiveAck(context: Context, ack: SipRequest, flow: Flow): void {
  const dialog = context.dialogs.match(ack)
  if (!dialog?.incomingInvite?.acknowledged(ack, flow)) context.counters.stray++
}

/** A CANCEL (RFC 3261 §9.2): who owns the INVITE answers for it. */
export function receiveCancel(
  context: Context,
  cancel: ServerTransaction,
  invite: ServerTransaction | undefined,
): void {
  if (!invite) return reply(context, cancel, 481)
  const owner = context.inviteOwners.get(invite)
  if (owner) return owner.cancelled(cancel, cancel.flow)
  // Answered for good: nothing is left to cancel. The transaction is still known, so this is no error.
  reply(context, cancel, 200)
}
