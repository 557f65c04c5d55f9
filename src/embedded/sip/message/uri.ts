import { isHostCharacter, skipDigits } from './characters.js'
import { ParamReader, formatParams, parseParams, type Params } from './params.js'
import { parseNumber } from './values.js'

/** A SIP or SIPS URI (RFC 3261 §19.1). */
export interface SipUri {
  readonly scheme: 'sip' | 'sips'
  /** User and password as written, escapes kept. */
  readonly user?: string | undefined
  /** Host in lower case; an IPv6 address without its brackets. */
  readonly host: string
  readonly port?: number | undefined
  readonly params: Params
  /** What follows `?`. */
  readonly headers?: string | undefined
}

/** A URI that was read. Its parameters are known to be well-formed, and wait until they are asked for. */
class ReadUri implements SipUri {
  private read: Params | undefined

  constructor(
    readonly scheme: 'sip' | 'sips',
    readonly user: string | undefined,
    readonly host: string,
    readonly port: number | undefined,
    readonly headers: string | undefined,
    private readonly tail: string,
  ) {}

  get params(): Params {
    return (this.read ??= parseParams(this.tail) ?? new Map())
  }
}

const LETTER_CASE = 32
const [SPACE, QUOTE, DASH, DOT, COLON, LESS, GREATER, BRACKET] = [32, 34, 45, 46, 58, 60, 62, 91] as const
const DELETE = 127

/** The scheme of any URI, in lower case. */
export function schemeOf(uri: string): string {
  const colon = uri.indexOf(':')
  return colon < 0 ? '' : uri.slice(0, colon).toLowerCase()
}

/** `sip` or `sips`, without a copy of the text; undefined for any other scheme. */
function sipScheme(text: string): 'sip' | 'sips' | undefined {
  const is = (at: number, letter: number) => (text.charCodeAt(at) | LETTER_CASE) === letter
  if (!is(0, 115) || !is(1, 105) || !is(2, 112)) return undefined
  if (text.charCodeAt(3) === COLON) return 'sip'
  return is(3, 115) && text.charCodeAt(4) === COLON ? 'sips' : undefined
}

/** Undefined where the text is not a well-formed sip: or sips: URI. */
export function parseUri(text: string): SipUri | undefined {
  const scheme = sipScheme(text)
  if (scheme === undefined || !isOnePiece(text)) return undefined
  const start = scheme.length + 1
  // The user part may hold ; ? and / unescaped, so it is cut off first.
  const at = text.indexOf('@', start)
  if (at === start) return undefined
  const hostStart = at < 0 ? start : at + 1
  const question = text.indexOf('?', hostStart)
  const paramsEnd = question < 0 ? text.length : question
  const semicolon = text.indexOf(';', hostStart)
  const hostEnd = semicolon < 0 || semicolon > paramsEnd ? paramsEnd : semicolon
  const tail = text.slice(hostEnd, paramsEnd)
  const address = parseHostPort(text.slice(hostStart, hostEnd))
  if (!address || !isWellFormed(tail)) return undefined
  return new ReadUri(
    scheme,
    at < 0 ? undefined : text.slice(start, at),
    address.host,
    address.port,
    question < 0 ? undefined : text.slice(question + 1),
    tail,
  )
}

/** No white space, no control character, no delimiter of what a URI stands in (RFC 3261 §25.1). */
function isOnePiece(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code <= SPACE || code === QUOTE || code === LESS || code === GREATER || code === DELETE) return false
  }
  return true
}

function isWellFormed(params: string): boolean {
  const reader = new ParamReader(params)
  while (reader.next());
  return !reader.malformed
}

function parseHostPort(text: string): { host: string; port: number | undefined } | undefined {
  const end = text.charCodeAt(0) === BRACKET ? text.indexOf(']') + 1 : endOfName(text)
  if (end <= 0) return undefined
  const host = text.charCodeAt(0) === BRACKET ? text.slice(1, end - 1) : text.slice(0, end)
  if (text.charCodeAt(0) === BRACKET && !IPV6.test(host)) return undefined
  if (end === text.length) return { host: host.toLowerCase(), port: undefined }
  if (text.charCodeAt(end) !== COLON) return undefined
  const port = parsePort(text.slice(end + 1))
  return port === undefined ? undefined : { host: host.toLowerCase(), port }
}

const IPV6 = /^[0-9A-Fa-f:.]+$/

/** Where the host name or IPv4 address ends that the text begins with; 0 where there is none. */
function endOfName(text: string): number {
  let end = 0
  while (end < text.length && isHostCharacter(text.charCodeAt(end))) end++
  const [first, last] = [text.charCodeAt(0), text.charCodeAt(end - 1)]
  return first === DASH || first === DOT || last === DASH ? 0 : end
}

/** Digits alone, and not zero. */
function parsePort(text: string): number | undefined {
  const port = skipDigits(text, 0) === text.length ? parseNumber(text, 65_535) : undefined
  return port === 0 ? undefined : port
}

/** Whether a URI may stand in a request line: a well-formed SIP URI, or one of another scheme in one piece. */
export function isUsableUri(text: string): boolean {
  const scheme = schemeOf(text)
  if (scheme === 'sip' || scheme === 'sips') return parseUri(text) !== undefined
  return /^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(text) && isOnePiece(text)
}

/** An address as it is written in a URI or Via: IPv6 in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

export function hostPort(host: string, port?: number): string {
  return port === undefined ? bracketed(host) : `${bracketed(host)}:${port}`
}

export function formatUri(uri: SipUri): string {
  const user = uri.user === undefined ? '' : `${uri.user}@`
  const headers = uri.headers === undefined ? '' : `?${uri.headers}`
  return `${uri.scheme}:${user}${hostPort(uri.host, uri.port)}${formatParams(uri.params)}${headers}`
}
