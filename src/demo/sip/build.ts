import { headerLines, type SipHeader, type SipRequest, type SipResponse } from './message.js'

export type HeaderFields = Readonly<Record<string, string | readonly string[]>>

export function headerFields(fields: HeaderFields): SipHeader[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => ({ name, value: one })),
  )
}

/** Later fields replace earlier ones of the same name. */
export function mergeFields(...all: readonly (HeaderFields | undefined)[]): HeaderFields {
  const merged = new Map<string, readonly [string, string | readonly string[]]>()
  for (const fields of all) {
    for (const [name, value] of Object.entries(fields ?? {})) merged.set(name.toLowerCase(), [name, value])
  }
  return Object.fromEntries(merged.values())
}

export function bodyFields(body: string): HeaderFields {
  return body.startsWith('v=0') ? { 'Content-Type': 'application/sdp' } : {}
}

export interface ResponseOptions {
  readonly reason?: string
  readonly headers?: HeaderFields
  readonly body?: string
  /** Added to To where the request had none. */
  readonly toTag?: string
}

const reasonPhrases: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  181: 'Call Is Being Forwarded',
  182: 'Queued',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  302: 'Moved Temporarily',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  423: 'Interval Too Brief',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  600: 'Busy Everywhere',
  603: 'Decline',
}

/** A response as RFC 3261 §8.2.6.2 wants it: Via, From, To, Call-ID and CSeq are the request's. */
export function responseTo(request: SipRequest, status: number, options: ResponseOptions = {}): SipResponse {
  const { headers = {}, body = '', toTag } = options
  const copied = request.headers.filter((h) => isCopied(h.name, status)).map((h) => withTag(h, toTag))
  return {
    kind: 'response',
    status,
    reason: options.reason ?? reasonPhrases[status] ?? 'Unnamed',
    headers: [...copied, ...headerFields(mergeFields(bodyFields(body), headers))],
    body,
  }
}

function isCopied(name: string, status: number): boolean {
  const lower = name.toLowerCase()
  // Record-Route goes back in responses that make a dialog (§12.1.1).
  if (lower === 'record-route') return status > 100 && status < 300
  return ['via', 'from', 'to', 'call-id', 'cseq'].includes(lower)
}

function withTag(field: SipHeader, tag: string | undefined): SipHeader {
  if (tag === undefined || field.name.toLowerCase() !== 'to' || /;\s*tag=/i.test(field.value)) return field
  return { ...field, value: `${field.value};tag=${tag}` }
}

/** ACK for a failure: hop by hop, same branch and Request-URI (RFC 3261 §17.1.1.3). */
export function ackForFailure(invite: SipRequest, response: SipResponse): SipRequest {
  const cseq = headerLines(invite, 'CSeq')[0] ?? ''
  return {
    kind: 'request',
    method: 'ACK',
    uri: invite.uri,
    headers: headerFields({
      Via: headerLines(invite, 'Via').slice(0, 1),
      'Max-Forwards': '70',
      From: headerLines(invite, 'From'),
      To: headerLines(response, 'To'),
      'Call-ID': headerLines(invite, 'Call-ID'),
      CSeq: cseq.replace(/\S+$/, 'ACK'),
      Route: headerLines(invite, 'Route'),
    }),
    body: '',
  }
}

/** CANCEL of a request that is still without a final response (RFC 3261 §9.1). */
export function cancelOf(invite: SipRequest, headers: HeaderFields = {}): SipRequest {
  const cseq = headerLines(invite, 'CSeq')[0] ?? ''
  return {
    kind: 'request',
    method: 'CANCEL',
    uri: invite.uri,
    headers: headerFields({
      Via: headerLines(invite, 'Via').slice(0, 1),
      'Max-Forwards': '70',
      From: headerLines(invite, 'From'),
      To: headerLines(invite, 'To'),
      'Call-ID': headerLines(invite, 'Call-ID'),
      CSeq: cseq.replace(/\S+$/, 'CANCEL'),
      Route: headerLines(invite, 'Route'),
      ...headers,
    }),
    body: '',
  }
}
