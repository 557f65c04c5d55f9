import type { Dialog } from '../dialog/dialog.js'
import { acceptSession, minSe } from '../dialog/session-timer.js'
import { cseqOf, request as makeRequest, type SipRequest, type SipResponse } from '../message/message.js'
import type { ClientUser } from '../transaction/client-transaction.js'
import type { Flow } from '../transport/transport.js'
import type { Context } from './context.js'
import { refreshTarget } from './dialog-setup.js'
import { dialogFlow, endByServer, withFlow } from './sending.js'
import { watchSession } from './session.js'

/**
 * Refreshes a session by a request of the server's own (RFC 4028 §10): an UPDATE without a body where the peer
 * takes one, else a re-INVITE that repeats this side's last session description. The app is not asked.
 */
export function refreshSession(
  context: Context,
  dialog: Dialog,
  interval = dialog.session?.terms?.interval,
): void {
  if (interval === undefined || dialog.ended || dialog.closing) return
  const terms = { interval, weRefresh: true }
  if (dialog.incomingInvite?.open || dialog.outgoingInvite?.pending || dialog.awaitsAck) {
    // What is under way refreshes the session itself, or fails and leaves it to the next turn.
    return watchSession(context, dialog, terms)
  }
  const request = refreshRequest(context, dialog, interval)
  const user: ClientUser = {
    response: (response, flow) => answered(context, dialog, request, response, flow, interval),
    failed: () => endByServer(context, dialog, 'Session timer expired', 'session-expired'),
  }
  withFlow(context, dialogFlow(context, dialog, request), (flow) => {
    const { layer } = context
    const transaction =
      request.method === 'INVITE'
        ? layer.prepareInvite(request, flow, user)
        : layer.prepare(request, flow, user)
    transaction.start()
  })
}

function refreshRequest(context: Context, dialog: Dialog, interval: number): SipRequest {
  const byUpdate = dialog.peerAllowsUpdate || !dialog.localSdp
  const base = dialog.createRequest(byUpdate ? 'UPDATE' : 'INVITE')
  const { headers } = base
  headers.add('Contact', dialog.contact)
  headers.add('Supported', 'timer')
  headers.add('Session-Expires', `${interval};refresher=uac`)
  headers.add('Min-SE', String(context.settings.timers.minSessionExpires))
  if (byUpdate) return base
  headers.add('Content-Type', 'application/sdp')
  return makeRequest('INVITE', base.uri, headers, dialog.localSdp)
}

function answered(
  context: Context,
  dialog: Dialog,
  request: SipRequest,
  response: SipResponse,
  flow: Flow,
  interval: number,
): void {
  const { status } = response
  if (status < 200) return
  if (status < 300) {
    if (request.method === 'INVITE') acknowledge(context, dialog, request)
    refreshTarget(context, dialog, response, flow)
    if (dialog.ended) return
    return watchSession(context, dialog, acceptSession(response) ?? { interval, weRefresh: true })
  }
  const longer = status === 422 ? minSe(response) : undefined
  if (longer !== undefined && longer > interval) return refreshSession(context, dialog, longer)
  // 491: the peer is just changing the session itself, which refreshes it too.
  if (status === 491) return watchSession(context, dialog, { interval, weRefresh: true })
  endByServer(context, dialog, 'Session timer expired', 'session-expired')
}

/** Each 2xx to the re-INVITE, repeated ones too, gets an ACK. */
function acknowledge(context: Context, dialog: Dialog, invite: SipRequest): void {
  const ack = dialog.createRequest('ACK', { cseq: cseqOf(invite)?.number ?? dialog.localSeq })
  withFlow(context, dialogFlow(context, dialog, ack), (flow) => {
    context.layer.addVia(ack, flow)
    context.layer.sendAlone(ack, flow)
  })
}
