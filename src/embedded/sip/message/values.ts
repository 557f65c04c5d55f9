import { endOfQuoted, isDigit, isSpace, isTokenCharacter, skipDigits, skipSpace } from './characters.js'
import { parseParams } from './params.js'

export { formatParams, parseParams, type Params } from './params.js'

const COMMA = 44
const QUOTE = 34
const LESS = 60
const GREATER = 62

/** Splits a header value at its commas, leaving quoted strings and <URIs> whole. Empty entries are dropped. */
export function splitList(value: string): string[] {
  return appendList(value, [])
}

/** The same, added to what is there. */
export function appendList(value: string, values: string[]): string[] {
  if (!value.includes(',')) return appendEntry(value, values)
  let start = 0
  let bracketed = false
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code === QUOTE) {
      const end = endOfQuoted(value, i)
      if (end < 0) break
      i = end - 1
    } else if (code === LESS) bracketed = true
    else if (code === GREATER) bracketed = false
    else if (code === COMMA && !bracketed) {
      appendEntry(value.slice(start, i), values)
      start = i + 1
    }
  }
  return appendEntry(value.slice(start), values)
}

function appendEntry(text: string, values: string[]): string[] {
  const entry = text.trim()
  if (entry !== '') values.push(entry)
  return values
}

export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isTokenCharacter(text.charCodeAt(i))) return false
  return text !== ''
}

/** A whole decimal number up to `max`; undefined where it is not one. */
export function parseNumber(text: string, max: number): number | undefined {
  const digits = isDigit(text.charCodeAt(0)) && isDigit(text.charCodeAt(text.length - 1)) ? text : text.trim()
  if (digits === '' || digits.length > 20 || skipDigits(digits, 0) < digits.length) return undefined
  const number = Number(digits)
  return number <= max ? number : undefined
}

export interface CSeq {
  readonly number: number
  readonly method: string
}

/** RFC 3261 §8.1.1.5: the number is below 2^31. */
export function parseCSeq(value: string): CSeq | undefined {
  const start = skipSpace(value, 0)
  const end = skipDigits(value, start)
  const number = parseNumber(value.slice(start, end), 2 ** 31 - 1)
  const gap = skipSpace(value, end)
  const method = value.slice(gap).trimEnd()
  return number === undefined || gap === end || !isToken(method) ? undefined : { number, method }
}

export interface RAck extends CSeq {
  readonly rseq: number
}

/** RFC 3262 §7.2. */
export function parseRAck(value: string): RAck | undefined {
  const start = skipSpace(value, 0)
  const end = skipDigits(value, start)
  const rseq = parseNumber(value.slice(start, end), 2 ** 32 - 1)
  const cseq = isSpace(value.charCodeAt(end)) ? parseCSeq(value.slice(end)) : undefined
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
  const refresher = semicolon < 0 ? undefined : parseParams(value, semicolon)?.get('refresher')
  return refresher === 'uac' || refresher === 'uas' ? { interval, refresher } : { interval }
}
