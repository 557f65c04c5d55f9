const COMMA = 44
const QUOTE = 34
const BACKSLASH = 92
const LESS = 60
const GREATER = 62

/** Splits a header value at its commas, leaving quoted strings and <URIs> whole. Empty entries are dropped. */
export function splitList(value: string): string[] {
  if (!value.includes(',')) return value.trim() === '' ? [] : [value.trim()]
  const values: string[] = []
  let start = 0
  let quoted = false
  let bracketed = false
  for (let i = 0; i <= value.length; i++) {
    const code = i < value.length ? value.charCodeAt(i) : COMMA
    if (quoted && i < value.length) {
      if (code === BACKSLASH) i++
      else if (code === QUOTE) quoted = false
    } else if (code === QUOTE) quoted = true
    else if (code === LESS) bracketed = true
    else if (code === GREATER) bracketed = false
    else if (code === COMMA && (!bracketed || i === value.length)) {
      const entry = value.slice(start, i).trim()
      if (entry !== '') values.push(entry)
      start = i + 1
    }
  }
  return values
}

/** Parameters of a header or URI, names in lower case; a parameter without `=` has an empty value. */
export type Params = Map<string, string>

const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/

export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/**
 * Parses `;name=value;flag` (leading semicolon included). Undefined where a name is missing or not a token, or
 * a quoted string does not end.
 */
export function parseParams(text: string): Params | undefined {
  const params: Params = new Map()
  let rest = text.trim()
  while (rest !== '') {
    if (rest.charCodeAt(0) !== 59) return undefined
    const match = /^;\s*([^\s;="]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^;"]*?)\s*)?(?=;|$)/.exec(rest)
    const name = match?.[1]
    if (!match || name === undefined || !isToken(name.replace(/[[\]:]/g, ''))) return undefined
    params.set(name.toLowerCase(), match[2] ?? '')
    rest = rest.slice(match[0].length)
  }
  return params
}

export function formatParams(params: Params): string {
  let text = ''
  for (const [name, value] of params) text += value === '' ? `;${name}` : `;${name}=${value}`
  return text
}

/** A whole decimal number up to `max`; undefined where it is not one. */
export function parseNumber(text: string, max: number): number | undefined {
  const digits = text.trim()
  if (!/^[0-9]{1,20}$/.test(digits)) return undefined
  const number = Number(digits)
  return number <= max ? number : undefined
}

export interface CSeq {
  readonly number: number
  readonly method: string
}

/** RFC 3261 §8.1.1.5: the number is below 2^31. */
export function parseCSeq(value: string): CSeq | undefined {
  const match = /^\s*([0-9]+)\s+(\S+)\s*$/.exec(value)
  const number = match?.[1] === undefined ? undefined : parseNumber(match[1], 2 ** 31 - 1)
  const method = match?.[2]
  return number === undefined || method === undefined || !isToken(method) ? undefined : { number, method }
}

export interface RAck extends CSeq {
  readonly rseq: number
}

/** RFC 3262 §7.2. */
export function parseRAck(value: string): RAck | undefined {
  const match = /^\s*([0-9]+)\s+([0-9]+\s+\S+)\s*$/.exec(value)
  const rseq = match?.[1] === undefined ? undefined : parseNumber(match[1], 2 ** 32 - 1)
  const cseq = match?.[2] === undefined ? undefined : parseCSeq(match[2])
  return rseq === undefined || cseq === undefined ? undefined : { rseq, ...cseq }
}

export interface SessionExpires {
  /** Seconds. */
  readonly interval: number
  readonly refresher?: 'uac' | 'uas'
}

/** RFC 4028 §4. */
export function parseSessionExpires(value: string): SessionExpires | undefined {
  const semicolon = value.indexOf(';')
  const interval = parseNumber(semicolon < 0 ? value : value.slice(0, semicolon), 2 ** 31 - 1)
  if (interval === undefined) return undefined
  const refresher = semicolon < 0 ? undefined : parseParams(value.slice(semicolon))?.get('refresher')
  return refresher === 'uac' || refresher === 'uas' ? { interval, refresher } : { interval }
}
