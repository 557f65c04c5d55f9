import { randomInt } from 'node:crypto'
import type { App, AppRequest, Requester } from '../control/app.js'
import { newId, newTag } from '../ids.js'
import { Headers } from '../message/headers.js'
import { hasSdp, request as makeRequest, type SipRequest } from '../message/message.js'
import { formatNameAddr, parseNameAddr } from '../message/name-addr.js'
import { parseUri, schemeOf } from '../message/uri.js'
import { parseCSeq } from '../message/values.js'
import type { Flow } from '../transport/transport.js'
import { AppHeaders, IDENTITY } from './app-headers.js'
import type { Context } from './context.js'
import { uacDialog } from './dialog-setup.js'
import { OutgoingInvite } from './outgoing-invite.js'
import { OutgoingRequest } from './outgoing-request.js'
import { withFlow } from './sending.js'

/** Requests whose answer makes a dialog, and which therefore say where this side is reached. */
const DIALOG_MAKERS = new Set(['INVITE', 'SUBSCRIBE'])

/** Sends a request of an app that belongs to no dialog yet. */
export function sendNewRequest(context: Context, app: App, given: AppRequest, requester: Requester): void {
  const problem = requestProblem(context, given)
  if (problem !== undefined) return requester.refused(problem)
  const flow =
    given.route === ''
      ? (context.registered.find(given.uri) ?? context.transports.flowTo(given.uri))
      : context.transports.flowTo(given.route)
  if (!flow) return requester.refused('requested protocol/transport not available')
  withFlow(context, flow, (out) => launch(context, app, given, requester, out))
}

function requestProblem(context: Context, { method, uri }: AppRequest): string | undefined {
  const known = schemeOf(uri) === 'tel' || parseUri(uri) !== undefined
  if (!known || method === 'ACK' || method === 'CANCEL') return `invalid request-uri: ${method} ${uri}`
  // An INVITE to this server's own address would come back here without end.
  if (context.transports.isOwn(uri)) return 'can not send request to myself'
  if (DIALOG_MAKERS.has(method) && context.dialogs.size >= context.settings.limits.dialogs) {
    return 'too many dialogs'
  }
  return undefined
}

function launch(context: Context, app: App, given: AppRequest, requester: Requester, flow: Flow): void {
  const request = completeRequest(context, given, flow)
  if (!request) return requester.refused('missing content-type')
  const id = newId()
  const dialog = DIALOG_MAKERS.has(given.method) ? uacDialog(app, request, flow) : undefined
  if (dialog) context.dialogs.add(dialog)
  if (dialog && given.method === 'INVITE') {
    if (hasSdp(request)) dialog.localSdp = request.body
    const invite = new OutgoingInvite(context, id, app, requester, dialog, true)
    const transaction = context.layer.prepareInvite(request, flow, invite)
    invite.attach(transaction)
    context.cdr.attempt('application', request)
    requester.sent(id, request, flow)
    return transaction.start()
  }
  const user = new OutgoingRequest(context, id, app, requester, request, flow, dialog)
  const transaction = context.layer.prepare(request, flow, user)
  requester.sent(id, request, flow)
  transaction.start()
}

/**
 * Fills in what the app left out: From, To, tags, Call-ID, CSeq, Max-Forwards, Contact, Content-Type. Undefined
 * where a body has no type and none can be told.
 */
function completeRequest(context: Context, line: AppRequest, flow: Flow): SipRequest | undefined {
  const given = new AppHeaders(line, flow)
  if (!given.typed) return undefined
  const contact = context.transports.contact(flow)
  const cseq = parseCSeq(given.get('cseq') ?? '')?.number ?? randomInt(1, 2 ** 16)
  const headers = new Headers()
  headers.add('Max-Forwards', given.get('max-forwards') ?? '70')
  headers.add('From', tagged(given.get('from') ?? contact))
  headers.add('To', normalized(given.get('to') ?? `<${line.uri}>`))
  headers.add('Call-ID', given.get('call-id') ?? newId())
  headers.add('CSeq', `${cseq} ${line.method}`)
  if (DIALOG_MAKERS.has(line.method) && given.get('contact') === undefined) headers.add('Contact', contact)
  given.addTo(headers, COMPLETED)
  return makeRequest(line.method, line.uri, headers, line.body)
}

const COMPLETED = new Set([...IDENTITY, 'max-forwards'])

function normalized(value: string): string {
  const address = parseNameAddr(value)
  return address ? formatNameAddr(address) : value
}

function tagged(value: string): string {
  const address = parseNameAddr(value)
  if (!address) return value
  if (address.params.has('tag')) return formatNameAddr(address)
  return formatNameAddr({ ...address, params: new Map([...address.params, ['tag', newTag()]]) })
}
