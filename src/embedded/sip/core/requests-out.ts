import { randomInt } from 'node:crypto'
import type { App, SipCommand } from '../control/app.js'
import type { AppMessage } from '../control/command.js'
import { notOkFrame, requestSentFrame } from '../control/wire.js'
import { newId, newTag } from '../ids.js'
import { Headers } from '../message/headers.js'
import { hasSdp, request as makeRequest, type SipRequest } from '../message/message.js'
import { formatNameAddr, parseNameAddr } from '../message/name-addr.js'
import { parseUri, schemeOf } from '../message/uri.js'
import { parseCSeq } from '../message/values.js'
import { advertisedAddress } from '../transport/local-address.js'
import type { Flow } from '../transport/transport.js'
import { AppHeaders, IDENTITY, parseRequestLine, type RequestLine } from './app-headers.js'
import type { Context } from './context.js'
import { uacDialog } from './dialog-setup.js'
import { OutgoingInvite } from './outgoing-invite.js'
import { OutgoingRequest } from './outgoing-request.js'
import { withFlow } from './sending.js'

/** Requests whose answer makes a dialog, and which therefore say where this side is reached. */
const DIALOG_MAKERS = new Set(['INVITE', 'SUBSCRIBE'])

/** Sends a request of an app that belongs to no dialog yet. */
export function sendNewRequest(context: Context, app: App, command: SipCommand): void {
  const line = parseRequestLine(command.message.startLine)
  const problem = line ? requestProblem(context, line) : `invalid request-uri: ${command.message.startLine}`
  if (!line || problem) return app.send(notOkFrame(command.id, problem ?? 'invalid request'))
  const flow =
    command.route === ''
      ? (context.registered.find(line.uri) ?? context.transports.flowTo(line.uri))
      : context.transports.flowTo(command.route)
  if (!flow) return app.send(notOkFrame(command.id, 'requested protocol/transport not available'))
  withFlow(context, flow, (out) => launch(context, app, command, line, out))
}

function requestProblem(context: Context, line: RequestLine): string | undefined {
  const scheme = schemeOf(line.uri)
  const known = scheme === 'tel' || parseUri(line.uri) !== undefined
  if (!known || line.method === 'ACK' || line.method === 'CANCEL')
    return `invalid request-uri: ${line.method} ${line.uri}`
  // An INVITE to this server's own address would come back here without end.
  if (context.transports.isOwn(line.uri)) return 'can not send request to myself'
  if (DIALOG_MAKERS.has(line.method) && context.dialogs.size >= context.settings.limits.dialogs) {
    return 'too many dialogs'
  }
  return undefined
}

function launch(context: Context, app: App, command: SipCommand, line: RequestLine, flow: Flow): void {
  const request = completeRequest(context, line, command.message, flow)
  if (!request) return app.send(notOkFrame(command.id, 'missing content-type'))
  const id = newId()
  const dialog = DIALOG_MAKERS.has(line.method) ? uacDialog(app, request, flow) : undefined
  if (dialog) context.dialogs.add(dialog)
  if (dialog && line.method === 'INVITE') {
    if (hasSdp(request)) dialog.localSdp = request.body
    const invite = new OutgoingInvite(context, id, app, dialog, true)
    const transaction = context.layer.prepareInvite(request, flow, invite)
    invite.attach(transaction)
    context.cdr.attempt('application', request)
    app.send(requestSentFrame(command.id, id, request, flow))
    return transaction.start()
  }
  const transaction = context.layer.prepare(
    request,
    flow,
    new OutgoingRequest(context, id, app, request, flow, dialog),
  )
  app.send(requestSentFrame(command.id, id, request, flow))
  transaction.start()
}

/**
 * Fills in what the app left out: From, To, tags, Call-ID, CSeq, Max-Forwards, Contact, Content-Type. Undefined
 * where a body has no type and none can be told.
 */
function completeRequest(
  context: Context,
  line: RequestLine,
  message: AppMessage,
  flow: Flow,
): SipRequest | undefined {
  const local = advertisedAddress(flow.point, flow.remote.address)
  const given = new AppHeaders(message, local)
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
  for (const [name, value] of given.except(COMPLETED)) headers.add(name, value)
  return makeRequest(line.method, line.uri, headers, message.body)
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
