import { endOfQuoted, skipSpace } from './characters.js'
import { ParamReader, formatParams, parseParams, type Params } from './params.js'

/** `"Display" <uri>;params`, or `uri;params` (RFC 3261 §20.10): From, To, Contact, Route, Record-Route. */
export interface NameAddr {
  /** Display name as written, quotes included. */
  readonly display: string
  readonly uri: string
  readonly params: Params
  /** Whether the URI stood in angle brackets. */
  readonly bracketed: boolean
}

/** An address that was read. Of its parameters only the tag is taken out; the others wait until asked for. */
export class ReadNameAddr implements NameAddr {
  constructor(
    readonly display: string,
    readonly uri: string,
    readonly bracketed: boolean,
    readonly tag: string | undefined,
    private readonly tail: string,
  ) {}

  get params(): Params {
    return parseParams(this.tail) ?? new Map()
  }
}

const QUOTE = 34

/** Undefined where quotes or brackets do not close, or the parameters are malformed. */
export function parseNameAddr(value: string): ReadNameAddr | undefined {
  const start = skipSpace(value, 0)
  const quoted = value.charCodeAt(start) === QUOTE
  const nameEnd = quoted ? endOfQuoted(value, start) : start
  if (nameEnd < 0) return undefined
  const open = value.indexOf('<', nameEnd)
  if (open < 0) return quoted ? undefined : parseAddrSpec(value)
  const display = value.slice(start, open).trimEnd()
  if (quoted ? start + display.length !== nameEnd : display.includes('"')) return undefined
  const close = value.indexOf('>', open)
  if (close < 0) return undefined
  const uri = value.slice(open + 1, close).trim()
  return uri === '' ? undefined : withTail(display, uri, true, value.slice(close + 1))
}

/** Without brackets, everything after the first `;` belongs to the header; `?` and `,` are not allowed. */
function parseAddrSpec(value: string): ReadNameAddr | undefined {
  const semicolon = value.indexOf(';')
  const uri = (semicolon < 0 ? value : value.slice(0, semicolon)).trim()
  if (uri === '' || /[\s?,"]/.test(uri)) return undefined
  return withTail('', uri, false, semicolon < 0 ? '' : value.slice(semicolon))
}

/** The address with its tag found; undefined where the parameters are malformed. */
function withTail(display: string, uri: string, bracketed: boolean, tail: string): ReadNameAddr | undefined {
  let tag: string | undefined
  const reader = new ParamReader(tail)
  while (reader.next()) if (reader.is('tag')) tag = reader.value
  return reader.malformed ? undefined : new ReadNameAddr(display, uri, bracketed, tag, tail)
}

export function formatNameAddr(address: Pick<NameAddr, 'display' | 'uri' | 'params'>): string {
  const display = address.display === '' ? '' : `${address.display} `
  return `${display}<${address.uri}>${formatParams(address.params)}`
}

/** The same From or To value with another tag, or with none. */
export function withTag(value: string, tag: string | undefined): string {
  const address = parseNameAddr(value)
  if (!address) return value
  const { display, uri, params } = address
  params.delete('tag')
  if (tag !== undefined) params.set('tag', tag)
  return formatNameAddr({ display, uri, params })
}
