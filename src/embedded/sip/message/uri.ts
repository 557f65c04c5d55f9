import { formatParams, parseNumber, parseParams, type Params } from './values.js'

/** A SIP or SIPS URI (RFC 3261 §19.1). */
export interface SipUri {
  readonly scheme: 'sip' | 'sips'
  /** User and password as written, escapes kept. */
  readonly user?: string
  /** Host in lower case; an IPv6 address without its brackets. */
  readonly host: string
  readonly port?: number
  readonly params: Params
  /** What follows `?`. */
  readonly headers?: string
}

const HOST = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?))(?::([0-9]+))?$/

/** The scheme of any URI, in lower case. */
export function schemeOf(uri: string): string {
  const colon = uri.indexOf(':')
  return colon < 0 ? '' : uri.slice(0, colon).toLowerCase()
}

/** Undefined where the text is not a well-formed sip: or sips: URI. */
export function parseUri(text: string): SipUri | undefined {
  const scheme = schemeOf(text)
  if (scheme !== 'sip' && scheme !== 'sips') return undefined
  if (/[\s<>"]/.test(text)) return undefined
  let rest = text.slice(scheme.length + 1)
  // The user part may hold ; ? and / unescaped, so it is cut off first.
  const at = rest.indexOf('@')
  const user = at < 0 ? undefined : rest.slice(0, at)
  if (at >= 0) rest = rest.slice(at + 1)
  if (user === '') return undefined
  const question = rest.indexOf('?')
  const headers = question < 0 ? undefined : rest.slice(question + 1)
  if (question >= 0) rest = rest.slice(0, question)
  const semicolon = rest.indexOf(';')
  const hostPort = HOST.exec(semicolon < 0 ? rest : rest.slice(0, semicolon))
  const host = hostPort?.[1] ?? hostPort?.[2]
  const params = semicolon < 0 ? (new Map() as Params) : parseParams(rest.slice(semicolon))
  if (!hostPort || host === undefined || !params) return undefined
  const port = hostPort[3] === undefined ? undefined : parseNumber(hostPort[3], 65_535)
  if (hostPort[3] !== undefined && (port === undefined || port === 0)) return undefined
  return {
    scheme,
    ...(user !== undefined && { user }),
    host: host.toLowerCase(),
    ...(port !== undefined && { port }),
    params,
    ...(headers !== undefined && { headers }),
  }
}

/** Whether a URI may stand in a request line: a well-formed SIP URI, or one of another scheme in one piece. */
export function isUsableUri(text: string): boolean {
  const scheme = schemeOf(text)
  if (scheme === 'sip' || scheme === 'sips') return parseUri(text) !== undefined
  return /^[a-z][a-z0-9+.-]*:[^\s<>"]+$/i.test(text)
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
