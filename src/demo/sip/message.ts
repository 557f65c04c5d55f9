import { randomBytes } from 'node:crypto'
import { parseNameAddr, splitOutsideQuotes } from './uri.js'

export interface SipHeader {
  readonly name: string
  readonly value: string
}

export interface SipRequest {
  readonly kind: 'request'
  readonly method: string
  readonly uri: string
  readonly headers: readonly SipHeader[]
  readonly body: string
}

export interface SipResponse {
  readonly kind: 'response'
  readonly status: number
  readonly reason: string
  readonly headers: readonly SipHeader[]
  readonly body: string
}

export type SipMessage = SipRequest | SipResponse

export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage'
}

/** RFC 3261 §7.3.3 and the extensions that phones really use. */
const compactForms: Readonly<Record<string, string>> = {
  v: 'Via',
  f: 'From',
  t: 'To',
  i: 'Call-ID',
  m: 'Contact',
  l: 'Content-Length',
  c: 'Content-Type',
  e: 'Content-Encoding',
  k: 'Supported',
  s: 'Subject',
  x: 'Session-Expires',
  r: 'Refer-To',
  b: 'Referred-By',
  o: 'Event',
  u: 'Allow-Events',
  d: 'Request-Disposition',
  y: 'Identity',
}

/** One whole message: a datagram, or what the stream framing cut out. Throws MalformedMessage. */
export function parseMessage(bytes: Buffer): SipMessage {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) throw new MalformedMessage('no empty line ends the header')
  const [startLine = '', ...lines] = bytes
    .toString('utf8', 0, headEnd)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const headers = lines.map(parseHeaderLine)
  const rest = bytes.subarray(headEnd + 4)
  const declared = headers.find((h) => h.name.toLowerCase() === 'content-length')?.value
  const length = declared === undefined ? rest.length : Number(declared)
  if (!Number.isInteger(length) || length < 0 || length > rest.length) {
    throw new MalformedMessage(`Content-Length ${declared ?? ''} but ${rest.length} bytes of body`)
  }
  return withStartLine(startLine, headers, rest.toString('utf8', 0, length))
}

function parseHeaderLine(line: string): SipHeader {
  const colon = line.indexOf(':')
  if (colon < 1) throw new MalformedMessage(`no header field: ${line}`)
  const name = line.slice(0, colon).trim()
  return { name: compactForms[name.toLowerCase()] ?? name, value: line.slice(colon + 1).trim() }
}

function withStartLine(startLine: string, headers: readonly SipHeader[], body: string): SipMessage {
  const response = /^SIP\/2\.0 ([1-6]\d\d) ?(.*)$/.exec(startLine)
  if (response !== null) {
    return { kind: 'response', status: Number(response[1]), reason: response[2] ?? '', headers, body }
  }
  const request = /^([A-Za-z0-9\-.!%*_+`'~]+) (\S+) SIP\/2\.0$/.exec(startLine)
  if (request === null) throw new MalformedMessage(`no SIP start line: ${startLine}`)
  return { kind: 'request', method: request[1] ?? '', uri: request[2] ?? '', headers, body }
}

/** The bytes on the wire; Content-Length is counted here, whatever the headers said. */
export function serializeMessage(message: SipMessage): Buffer {
  const startLine =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`
  const lines = message.headers
    .filter((h) => h.name.toLowerCase() !== 'content-length')
    .map((h) => `${h.name}: ${h.value}`)
  const length = Buffer.byteLength(message.body, 'utf8')
  const text = [startLine, ...lines, `Content-Length: ${length}`, '', message.body].join('\r\n')
  return Buffer.from(text, 'utf8')
}

/** Every line of that name, in order, not split at commas. */
export function headerLines(message: SipMessage, name: string): string[] {
  const wanted = name.toLowerCase()
  return message.headers.filter((h) => h.name.toLowerCase() === wanted).map((h) => h.value)
}

/** The first line of that name. */
export function header(message: SipMessage, name: string): string | undefined {
  return headerLines(message, name)[0]
}

/** The values of a header that may be a list: several lines, or commas within one (RFC 3261 §7.3.1). */
export function headerList(message: SipMessage, name: string): string[] {
  return headerLines(message, name).flatMap((line) => splitOutsideQuotes(line, ','))
}

export function hasOption(message: SipMessage, name: 'Supported' | 'Require', option: string): boolean {
  return headerList(message, name).some((value) => value.toLowerCase() === option)
}

export function required(message: SipMessage, name: string): string {
  const value = header(message, name)
  if (value === undefined) throw new MalformedMessage(`no ${name}`)
  return value
}

export function cseqOf(message: SipMessage): { readonly number: number; readonly method: string } {
  const [, number, method] = /^(\d+)\s+(\S+)$/.exec(required(message, 'CSeq')) ?? []
  if (number === undefined || method === undefined) throw new MalformedMessage('bad CSeq')
  return { number: Number(number), method }
}

export function tagOf(message: SipMessage, name: 'From' | 'To'): string | undefined {
  return parseNameAddr(required(message, name)).params.get('tag')
}

export function callIdOf(message: SipMessage): string {
  return required(message, 'Call-ID')
}

/** A fresh identifier for tags, branches and Call-IDs. */
export function freshId(): string {
  return randomBytes(8).toString('hex')
}
