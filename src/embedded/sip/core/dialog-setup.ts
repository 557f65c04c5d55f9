import type { App } from '../control/app.js'
import { Dialog } from '../dialog/dialog.js'
import { calleeOverride, callerOverride } from '../dialog/nat.js'
import {
  callIdOf,
  contactUri,
  cseqOf,
  fromTag,
  lists,
  toTag,
  type SipRequest,
  type SipResponse,
} from '../message/message.js'
import type { ServerTransaction } from '../transaction/server-transaction.js'
import type { Flow } from '../transport/transport.js'
import type { Context } from './context.js'

/** The dialog that a response to a request of the peer makes (RFC 3261 §12.1.1). */
export function uasDialog(
  context: Context,
  app: App,
  transaction: ServerTransaction,
  response: SipResponse,
  kind: 'invite' | 'subscribe',
): Dialog {
  const { request, flow } = transaction
  const dialog = new Dialog({
    kind,
    role: 'uas',
    app,
    callId: callIdOf(request),
    localTag: toTag(response) ?? '',
    remoteTag: fromTag(request),
    local: response.headers.get('to') ?? '',
    remote: request.headers.get('from') ?? '',
    // Numbers of this side start anywhere; the peer's are its own.
    localSeq: 0,
    remoteSeq: cseqOf(request)?.number,
    target: contactUri(request) ?? request.uri,
    routes: request.headers.list('record-route'),
    flow,
    contact: response.headers.get('contact') ?? context.transports.contact(flow),
  })
  dialog.peerAllowsUpdate = lists(request, 'allow', 'UPDATE')
  dialog.routeOverride = context.settings.natDetection ? callerOverride(request, flow) : undefined
  return dialog
}

/** The dialog that an INVITE or SUBSCRIBE of this side may make. The peer's half is learnt from its answer. */
export function uacDialog(app: App, request: SipRequest, flow: Flow): Dialog {
  return new Dialog({
    kind: request.method === 'INVITE' ? 'invite' : 'subscribe',
    role: 'uac',
    app,
    callId: callIdOf(request),
    localTag: fromTag(request) ?? '',
    remoteTag: undefined,
    local: request.headers.get('from') ?? '',
    remote: request.headers.get('to') ?? '',
    localSeq: cseqOf(request)?.number ?? 1,
    remoteSeq: undefined,
    target: request.uri,
    routes: [],
    flow,
    contact: request.headers.get('contact') ?? '',
  })
}

/** Takes over the peer's half from its answer (§12.1.2): tag, target and route set. */
export function learnPeer(context: Context, dialog: Dialog, answer: SipResponse, flow: Flow): void {
  dialog.remoteTag = toTag(answer)
  dialog.remote = answer.headers.get('to') ?? dialog.remote
  dialog.target = contactUri(answer) ?? dialog.target
  dialog.routes = answer.headers.list('record-route').reverse()
  dialog.routeOverride = context.settings.natDetection
    ? calleeOverride(answer, flow, dialog.routes)
    : undefined
  if (answer.headers.has('allow')) dialog.peerAllowsUpdate = lists(answer, 'allow', 'UPDATE')
  if (flow.point.reliable) dialog.flow = flow
}

/** A target refresh (§12.2.2): the peer may have moved, its connection with it. */
export function refreshTarget(
  context: Context,
  dialog: Dialog,
  message: SipRequest | SipResponse,
  flow: Flow,
): void {
  const target = contactUri(message)
  if (target !== undefined) dialog.target = target
  if (message.headers.has('allow')) dialog.peerAllowsUpdate = lists(message, 'allow', 'UPDATE')
  if (flow.point.reliable) dialog.flow = flow
  if (!context.settings.natDetection || target === undefined || dialog.routes.length > 0) return
  dialog.routeOverride =
    dialog.role === 'uas' && message.kind === 'request'
      ? callerOverride(message, flow)
      : calleeOverride(message, flow, dialog.routes)
}
