import { createHash, createHmac } from 'node:crypto'
import { newTag } from '../ids.js'
import { respondTo } from '../message/build.js'
import {
  callIdOf,
  replaceTopVia,
  request as makeRequest,
  topVia,
  toTag,
  type SipRequest,
  type SipResponse,
} from '../message/message.js'
import { parseNameAddr } from '../message/name-addr.js'
import { parseUri } from '../message/uri.js'
import { BRANCH_COOKIE, formatVia, parseVia } from '../message/via.js'
import { parseNumber } from '../message/values.js'
import { advertisedAddress } from '../transport/local-address.js'
import type { Flow } from '../transport/transport.js'
import type { Context } from './context.js'
import { withFlow } from './sending.js'

/**
 * The URI that this server puts into Record-Route for a call. It is signed, so that nobody can have messages
 * of other calls sent on from here.
 */
export function ownRoute(context: Context, flow: Flow, callId: string): string {
  const uri = parseNameAddr(context.transports.contact(flow))?.uri ?? ''
  return `${uri};lr;k=${signature(context, callId)}`
}

function isOwnRoute(context: Context, uri: string, callId: string): boolean {
  const params = parseUri(uri)?.params
  return (
    params?.has('lr') === true &&
    params.get('k') === signature(context, callId) &&
    context.transports.isOwn(uri)
  )
}

function signature(context: Context, callId: string): string {
  return createHmac('sha256', context.relayKey).update(callId).digest('hex').slice(0, 32)
}

/**
 * Passes on what belongs to dialogs between others, for calls that were proxied with Record-Route: statelessly
 * (RFC 3261 §16.11). True where a request was such a one.
 */
export function relayRequest(context: Context, request: SipRequest, flow: Flow): boolean {
  if (toTag(request) === undefined) return false
  const routes = request.headers.list('route')
  const first = routes[0] === undefined ? undefined : parseNameAddr(routes[0])?.uri
  if (first === undefined || !isOwnRoute(context, first, callIdOf(request))) return false
  const hops = parseNumber(request.headers.get('max-forwards') ?? '70', 255) ?? 70
  if (hops === 0) {
    if (request.method !== 'ACK') context.layer.sendAlone(respondTo(request, 483, { tag: newTag() }), flow)
    return true
  }
  const headers = request.headers.clone()
  headers.setList('Route', routes.slice(1)).set('Max-Forwards', String(hops - 1))
  const onward = makeRequest(request.method, request.uri, headers, request.body)
  const next = routes[1] === undefined ? request.uri : (parseNameAddr(routes[1])?.uri ?? request.uri)
  const out = context.registered.find(next) ?? context.transports.flowTo(next)
  if (!out) return true
  withFlow(context, out, (target) => {
    onward.headers.prepend('Via', relayVia(request, target))
    context.layer.sendAlone(onward, target)
  })
  return true
}

/** The same request gets the same branch again, since no state tells that it came before. */
function relayVia(request: SipRequest, flow: Flow): string {
  const top = topVia(request)
  const seed = `${top?.params.get('branch') ?? ''}|${top?.host}|${top?.port}|${request.headers.get('call-id')}`
  const branch = `${BRANCH_COOKIE}-relay-${createHash('sha1').update(seed).digest('hex')}`
  const { host, port } = advertisedAddress(flow.point, flow.remote.address)
  const params = new Map([
    ['branch', branch],
    ['rport', ''],
  ])
  return formatVia({ transport: flow.point.protocol.toUpperCase(), host, port, params })
}

/** Passes a response to a relayed request back, by the Via below this server's own. False where there is none. */
export function relayResponse(context: Context, response: SipResponse): boolean {
  const own = topVia(response)
  const below = response.headers.list('via')[1]
  const next = below === undefined ? undefined : parseVia(below)
  if (!own?.params.get('branch')?.startsWith(`${BRANCH_COOKIE}-relay-`) || !next) return false
  replaceTopVia(response, undefined)
  const protocol = next.transport.toLowerCase()
  const address = next.params.get('received') ?? next.host
  const port = parseNumber(next.params.get('rport') ?? '', 65_535) ?? next.port ?? 5060
  const back = context.transports.backTo(protocol, { address, port })
  if (back) context.layer.sendAlone(response, back)
  return true
}
