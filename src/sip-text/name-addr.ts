import { parseParams, type Param } from './params.js'
import { hasControls, indexOutsideQuotes, splitOutside, unquote } from './scan.js'

/** The value of a From, To, Contact, Route, Diversion … header: an address with parameters (RFC 3261 §20.10). */
export interface NameAddr {
  /** Without quotes; undefined where there is none. */
  readonly display: string | undefined
  /** Without angle brackets, not parsed. */
  readonly uri: string
  /** Parameters of the header, not those of the URI. */
  readonly params: readonly Param[]
}

/** Undefined where the value is malformed. Without angle brackets, parameters are the header's (RFC 3261 §20). */
export function parseNameAddr(text: string): NameAddr | undefined {
  if (hasControls(text)) return undefined
  const [address, ...segments] = splitOutside(text, ';') ?? []
  const params = parseParams(segments)
  if (address === undefined || !params) return undefined
  const open = indexOutsideQuotes(address, '<')
  if (open < 0) {
    const uri = address.trim()
    return uri === '' || /[\s"]/.test(uri) ? undefined : { display: undefined, uri, params }
  }
  const close = address.indexOf('>', open)
  const display = parseDisplay(address.slice(0, open).trim())
  const uri = address.slice(open + 1, close).trim()
  if (display === 'malformed' || uri === '' || address.slice(close + 1).trim() !== '') return undefined
  return { display: display.name, uri, params }
}

function parseDisplay(text: string): { name: string | undefined } | 'malformed' {
  if (text === '') return { name: undefined }
  if (!text.includes('"')) return { name: text }
  const name = unquote(text)
  return name === undefined ? 'malformed' : { name }
}

/** Every address of a comma-separated list. Undefined where one is malformed; empty elements are passed over. */
export function parseNameAddrList(text: string): readonly NameAddr[] | undefined {
  const parts = splitOutside(text, ',')
  if (!parts) return undefined
  const list: NameAddr[] = []
  for (const part of parts) {
    if (part.trim() === '') continue
    const parsed = parseNameAddr(part)
    if (!parsed) return undefined
    list.push(parsed)
  }
  return list
}
