import { freshId, headerLines, type SipHeader, type SipMessage, type SipRequest } from './message.js'
import { parseParams, splitOutsideQuotes, type Address } from './uri.js'
import type { Protocol } from './transport.js'

/** The top Via's parts that transactions and responses need. */
export interface TopVia {
  readonly host: string
  readonly port: number
  readonly branch: string
  readonly received: string | undefined
  readonly rport: string | undefined
}

export function topVia(message: SipMessage): TopVia | undefined {
  const line = headerLines(message, 'Via')[0]
  const [, host, port, params = ''] =
    /^SIP\s*\/\s*2\.0\s*\/\s*\w+\s+(\[[^\]]+\]|[^\s:;,]+)\s*(?::\s*(\d+))?\s*((?:;[^,]*)?)/i.exec(
      line ?? '',
    ) ?? []
  if (host === undefined) return undefined
  const fields = parseParams(params.split(';').filter((part) => part !== ''))
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port ?? 5060),
    branch: fields.get('branch') ?? '',
    received: fields.get('received'),
    rport: fields.get('rport'),
  }
}

/** A request with a Via of its own on top (RFC 3261 §8.1.1.7, RFC 3581 §3). */
export function withVia(request: SipRequest, protocol: Protocol, local: Address): SipRequest {
  const host = local.host.includes(':') ? `[${local.host}]` : local.host
  const value = `SIP/2.0/${protocol.toUpperCase()} ${host}:${local.port};branch=z9hG4bK${freshId()};rport`
  return { ...request, headers: [{ name: 'Via', value }, ...request.headers] }
}

/** The request with received and rport noted in its top Via (RFC 3581 §4). */
export function markReceived(request: SipRequest, source: Address): SipRequest {
  const via = topVia(request)
  if (via === undefined) return request
  const top = request.headers.findIndex((field) => field.name.toLowerCase() === 'via')
  const mark = (field: SipHeader, index: number): SipHeader =>
    index === top ? { ...field, value: markFirst(field.value, via, source) } : field
  return { ...request, headers: request.headers.map(mark) }
}

/** One line may hold several values: the first is the top. */
function markFirst(line: string, via: TopVia, source: Address): string {
  const [first = '', ...others] = splitOutsideQuotes(line, ',')
  const asked = via.rport === ''
  const ported = asked ? first.replace(/;\s*rport\s*=?\s*(?=;|$)/i, `;rport=${source.port}`) : first
  const marked = asked || via.host !== source.host ? `${ported};received=${source.host}` : ported
  return [marked, ...others].join(', ')
}

/** Where a response over UDP goes (RFC 3261 §18.2.2, RFC 3581 §4). */
export function responseAddress(request: SipRequest, source: Address): Address {
  const via = topVia(request)
  if (via === undefined) return source
  const rport = Number(via.rport ?? '')
  return { host: via.received ?? via.host, port: rport > 0 ? rport : via.port }
}
