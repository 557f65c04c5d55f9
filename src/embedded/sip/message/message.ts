import type { Headers } from './headers.js'
import { parseNameAddr } from './name-addr.js'
import { isUsableUri } from './uri.js'
import { parseCSeq, splitList, type CSeq } from './values.js'
import { formatVia, parseVia, type ReadVia } from './via.js'

export interface SipRequest {
  readonly kind: 'request'
  readonly method: string
  readonly uri: string
  readonly headers: Headers
  readonly body: Buffer
}

export interface SipResponse {
  readonly kind: 'response'
  readonly status: number
  readonly reason: string
  readonly headers: Headers
  readonly body: Buffer
}

export type SipMessage = SipRequest | SipResponse

export const NO_BODY: Buffer = Buffer.alloc(0)

export function request(method: string, uri: string, headers: Headers, body: Buffer = NO_BODY): SipRequest {
  return { kind: 'request', method, uri, headers, body }
}

export function response(
  status: number,
  reason: string,
  headers: Headers,
  body: Buffer = NO_BODY,
): SipResponse {
  return { kind: 'response', status, reason, headers, body }
}

/**
 * A request that was read. Its body is kept as text of one character a byte: a buffer would hold on to all that
 * was received with it.
 */
export class ReadRequest implements SipRequest {
  constructor(
    readonly method: string,
    readonly uri: string,
    readonly headers: Headers,
    private readonly bytes: string,
  ) {}

  get kind(): 'request' {
    return 'request'
  }

  get body(): Buffer {
    return bodyOf(this.bytes)
  }
}

/** The same of a response. */
export class ReadResponse implements SipResponse {
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly headers: Headers,
    private readonly bytes: string,
  ) {}

  get kind(): 'response' {
    return 'response'
  }

  get body(): Buffer {
    return bodyOf(this.bytes)
  }
}

function bodyOf(bytes: string): Buffer {
  return bytes === '' ? NO_BODY : Buffer.from(bytes, 'latin1')
}

/** The top Via value; undefined where it is missing or malformed. */
export function topVia(message: SipMessage): ReadVia | undefined {
  return message.headers.parsed('via', parseTopVia)
}

function parseTopVia(line: string): ReadVia | undefined {
  if (!line.includes(',')) return parseVia(line)
  const first = splitList(line)[0]
  return first === undefined ? undefined : parseVia(first)
}

/** Replaces the top Via value, or with `undefined` takes it off. */
export function replaceTopVia(message: SipMessage, via: ReadVia | undefined): void {
  const { headers } = message
  const line = headers.get('via')
  if (line === undefined) return
  const rest = line.includes(',') ? splitList(line).slice(1) : []
  if (via) headers.replaceTop('via', [formatVia(via), ...rest].join(', '), via)
  else if (rest.length > 0) headers.replaceTop('via', rest.join(', '))
  else headers.removeTop('via')
}

export function cseqOf(message: SipMessage): CSeq | undefined {
  return message.headers.parsed('cseq', parseCSeq)
}

export function callIdOf(message: SipMessage): string {
  return message.headers.get('call-id') ?? ''
}

export function fromTag(message: SipMessage): string | undefined {
  return message.headers.parsed('from', parseNameAddr)?.tag
}

export function toTag(message: SipMessage): string | undefined {
  return message.headers.parsed('to', parseNameAddr)?.tag
}

/** Whether a list header (Supported, Require, Allow) names that token. */
export function lists(message: SipMessage, header: string, token: string): boolean {
  const wanted = token.toLowerCase()
  for (const value of message.headers.lineValues(header)) {
    const lower = value.toLowerCase()
    if (lower.includes(wanted) && splitList(lower).includes(wanted)) return true
  }
  return false
}

/** The URI of the first Contact; undefined where it is missing or nothing that a request could be sent to. */
export function contactUri(message: SipMessage): string | undefined {
  const { headers } = message
  // A line may be empty, and the first value stand in the next one.
  return headers.parsed('contact', parseContactUri) ?? parseContactUri(headers.list('contact')[0] ?? '')
}

function parseContactUri(line: string): string | undefined {
  const first = splitList(line)[0]
  const uri = first === undefined ? undefined : parseNameAddr(first)?.uri
  return uri !== undefined && isUsableUri(uri) ? uri : undefined
}

/** Whether the body is a session description. */
export function hasSdp(message: SipMessage): boolean {
  const type = message.headers.get('content-type') ?? ''
  return message.body.length > 0 && /^application\/sdp\b/i.test(type.trim())
}
