import type { Headers } from './headers.js'
import { parseNameAddr } from './name-addr.js'
import { isUsableUri } from './uri.js'
import { parseCSeq, splitList, type CSeq } from './values.js'
import { parseVia, type Via } from './via.js'

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

/** The top Via value; undefined where it is missing or malformed. */
export function topVia(message: SipMessage): Via | undefined {
  return message.headers.parsed('via', (line) => {
    const first = splitList(line)[0]
    return first === undefined ? undefined : parseVia(first)
  })
}

/** Replaces the top Via value, or with `undefined` takes it off. */
export function replaceTopVia(message: SipMessage, value: string | undefined): void {
  const [line, ...lines] = message.headers.lineValues('via')
  if (line === undefined) return
  const rest = splitList(line).slice(1)
  const top = value === undefined ? rest : [value, ...rest]
  if (top.length > 0) message.headers.replaceTop('via', top.join(', '))
  else {
    message.headers.remove('via')
    for (const lower of lines.reverse()) message.headers.prepend('Via', lower)
  }
}

export function cseqOf(message: SipMessage): CSeq | undefined {
  return message.headers.parsed('cseq', parseCSeq)
}

export function callIdOf(message: SipMessage): string {
  return message.headers.get('call-id') ?? ''
}

export function fromTag(message: SipMessage): string | undefined {
  return message.headers.parsed('from', parseNameAddr)?.params.get('tag')
}

export function toTag(message: SipMessage): string | undefined {
  return message.headers.parsed('to', parseNameAddr)?.params.get('tag')
}

/** Whether a list header (Supported, Require, Allow) names that token. */
export function lists(message: SipMessage, header: string, token: string): boolean {
  const wanted = token.toLowerCase()
  return message.headers.list(header).some((value) => value.toLowerCase() === wanted)
}

/** The URI of the first Contact; undefined where it is missing or nothing that a request could be sent to. */
export function contactUri(message: SipMessage): string | undefined {
  const first = message.headers.list('contact')[0]
  const uri = first === undefined ? undefined : parseNameAddr(first)?.uri
  return uri !== undefined && isUsableUri(uri) ? uri : undefined
}

/** Whether the body is a session description. */
export function hasSdp(message: SipMessage): boolean {
  const type = message.headers.get('content-type') ?? ''
  return message.body.length > 0 && /^application\/sdp\b/i.test(type.trim())
}
