import { formatParams, parseParams, type Params } from './values.js'

/** `"Display" <uri>;params`, or `uri;params` (RFC 3261 §20.10): From, To, Contact, Route, Record-Route. */
export interface NameAddr {
  /** Display name as written, quotes included. */
  readonly display: string
  readonly uri: string
  readonly params: Params
  /** Whether the URI stood in angle brackets. */
  readonly bracketed: boolean
}

const QUOTED_START = /^\s*("(?:[^"\\]|\\[\s\S])*")?/

/** Undefined where quotes or brackets do not close, or the parameters are malformed. */
export function parseNameAddr(value: string): NameAddr | undefined {
  const quoted = QUOTED_START.exec(value)?.[1]
  const start = quoted === undefined ? 0 : value.indexOf(quoted) + quoted.length
  const open = value.indexOf('<', start)
  if (open < 0) return quoted === undefined ? parseAddrSpec(value) : undefined
  const display = value.slice(0, open).trim()
  if (quoted === undefined ? display.includes('"') : display !== quoted) return undefined
  const close = value.indexOf('>', open)
  if (close < 0) return undefined
  const params = parseParams(value.slice(close + 1))
  const uri = value.slice(open + 1, close).trim()
  return params && uri !== '' ? { display, uri, params, bracketed: true } : undefined
}

/** Without brackets, everything after the first `;` belongs to the header; `?` and `,` are not allowed. */
function parseAddrSpec(value: string): NameAddr | undefined {
  const semicolon = value.indexOf(';')
  const uri = (semicolon < 0 ? value : value.slice(0, semicolon)).trim()
  if (uri === '' || /[\s?,"]/.test(uri)) return undefined
  const params = semicolon < 0 ? (new Map() as Params) : parseParams(value.slice(semicolon))
  return params ? { display: '', uri, params, bracketed: false } : undefined
}

export function formatNameAddr(address: Pick<NameAddr, 'display' | 'uri' | 'params'>): string {
  const display = address.display === '' ? '' : `${address.display} `
  return `${display}<${address.uri}>${formatParams(address.params)}`
}

/** The same From or To value with another tag, or with none. */
export function withTag(value: string, tag: string | undefined): string {
  const address = parseNameAddr(value)
  if (!address) return value
  const params = new Map(address.params)
  params.delete('tag')
  if (tag !== undefined) params.set('tag', tag)
  return formatNameAddr({ ...address, params })
}
