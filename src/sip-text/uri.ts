import { hasControls, percentDecode } from './scan.js'

/** A `;name=value` parameter of a URI. */
export interface UriParam {
  /** In lower case. */
  readonly name: string
  /** As it stood, percent escapes included; null where there is no `=`. */
  readonly value: string | null
}

export interface SipUri {
  readonly kind: 'sip'
  readonly scheme: 'sip' | 'sips'
  /** Percent escapes undone; undefined where the URI has no user part. */
  readonly user: string | undefined
  readonly password: string | undefined
  /** In lower case; an IPv6 address keeps its brackets. */
  readonly host: string
  readonly port: number | undefined
  readonly params: readonly UriParam[]
  /** What follows `?`, as it stood; empty where there is none. */
  readonly headers: string
}

/** RFC 3966. */
export interface TelUri {
  readonly kind: 'tel'
  /** As it stood, visual separators included. */
  readonly number: string
  readonly params: readonly UriParam[]
}

export interface OtherUri {
  readonly kind: 'other'
  /** In lower case. */
  readonly scheme: string
  readonly text: string
}

export type Uri = SipUri | TelUri | OtherUri

const LONGEST = 8192

/** Parses a URI without angle brackets around it. Undefined where it is malformed (RFC 3261 §19.1, RFC 3966). */
export function parseUri(text: string): Uri | undefined {
  if (text.length > LONGEST || /[\s<>"]/.test(text) || hasControls(text)) return undefined
  const colon = text.indexOf(':')
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase()
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) return undefined
  const rest = text.slice(colon + 1)
  if (scheme === 'sip' || scheme === 'sips') return parseSip(scheme, rest)
  if (scheme === 'tel') return parseTel(rest)
  return rest === '' ? undefined : { kind: 'other', scheme, text }
}

function parseSip(scheme: 'sip' | 'sips', rest: string): SipUri | undefined {
  // A user part may hold `;` and `?`, and nothing after it may hold an unescaped `@` (RFC 3261 §25.1).
  const at = rest.indexOf('@')
  const userInfo = at < 0 ? { user: undefined, password: undefined } : parseUserInfo(rest.slice(0, at))
  if (!userInfo) return undefined
  const address = rest.slice(at + 1)
  if (address.includes('@')) return undefined
  const question = address.indexOf('?')
  const beforeHeaders = question < 0 ? address : address.slice(0, question)
  const [hostPort = '', ...segments] = beforeHeaders.split(';')
  const where = parseHostPort(hostPort)
  const params = parseUriParams(segments)
  if (!where || !params) return undefined
  const headers = question < 0 ? '' : address.slice(question + 1)
  return { kind: 'sip', scheme, ...userInfo, ...where, params, headers }
}

function parseTel(rest: string): TelUri | undefined {
  const [number = '', ...segments] = rest.split(';')
  const params = parseUriParams(segments)
  if (!params || !/^\+?[0-9A-Fa-f*#().-]+$/.test(number) || !/[0-9A-Fa-f*#]/.test(number)) return undefined
  return { kind: 'tel', number, params }
}

function parseUserInfo(text: string): { user: string; password: string | undefined } | undefined {
  const colon = text.indexOf(':')
  const user = percentDecode(colon < 0 ? text : text.slice(0, colon))
  const password = colon < 0 ? undefined : percentDecode(text.slice(colon + 1))
  if (user === undefined || user === '' || (colon >= 0 && password === undefined)) return undefined
  return { user, password }
}

function parseHostPort(text: string): { host: string; port: number | undefined } | undefined {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?$/.exec(text)
  if (!match?.[1]) return undefined
  const port = match[2] === undefined ? undefined : Number(match[2])
  if (port !== undefined && (port < 1 || port > 65535)) return undefined
  return { host: match[1].toLowerCase(), port }
}

function parseUriParams(segments: readonly string[]): readonly UriParam[] | undefined {
  const params: UriParam[] = []
  for (const segment of segments) {
    if (segment === '') continue
    const equals = segment.indexOf('=')
    const name = equals < 0 ? segment : segment.slice(0, equals)
    if (name === '') return undefined
    params.push({ name: name.toLowerCase(), value: equals < 0 ? null : segment.slice(equals + 1) })
  }
  return params
}

/**
 * Whether two SIP URIs are the same address by RFC 3261 §19.1.4: user and password to the letter, the rest without
 * case; parameters that only one of them has are passed over, but for those that change where the request goes.
 */
export function sameSipUri(a: SipUri, b: SipUri): boolean {
  return (
    a.scheme === b.scheme &&
    a.user === b.user &&
    a.password === b.password &&
    a.host === b.host &&
    a.port === b.port &&
    sameParams(a.params, b.params) &&
    sameHeaders(a.headers, b.headers)
  )
}

/** A URI with one of these never matches a URI without it. */
const DECISIVE: ReadonlySet<string> = new Set(['user', 'ttl', 'method', 'maddr', 'transport'])

function sameParams(a: readonly UriParam[], b: readonly UriParam[]): boolean {
  const left = comparable(a)
  const right = comparable(b)
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const inBoth = left.has(name) && right.has(name)
    if (inBoth ? left.get(name) !== right.get(name) : DECISIVE.has(name)) return false
  }
  return true
}

function comparable(params: readonly UriParam[]): ReadonlyMap<string, string | null> {
  return new Map(params.map(({ name, value }) => [name, value && fold(value)]))
}

function sameHeaders(a: string, b: string): boolean {
  const normal = (text: string) => text.split('&').map(fold).sort().join('&')
  return normal(a) === normal(b)
}

function fold(text: string): string {
  return (percentDecode(text) ?? text).toLowerCase()
}
