import { indexOutsideQuotes, unquote } from './scan.js'

/** A `;name=value` parameter of a header. */
export interface Param {
  /** In lower case: parameter names are case-insensitive (RFC 3261 §7.3.1). */
  readonly name: string
  /** Without the quotes of a quoted-string; null where there is no `=`. */
  readonly value: string | null
  /** As it stood in the header. */
  readonly text: string
}

/** RFC 3261 §25.1 token; `+`, as in `+sip.instance`, is part of it. */
const TOKEN = /^[A-Za-z0-9.!%*_+`'~-]+$/

/** One parameter, without the semicolon. Undefined where it is malformed. */
export function parseParam(text: string): Param | undefined {
  const trimmed = text.trim()
  const equals = indexOutsideQuotes(trimmed, '=')
  const name = (equals < 0 ? trimmed : trimmed.slice(0, equals)).trim()
  if (!TOKEN.test(name)) return undefined
  if (equals < 0) return { name: name.toLowerCase(), value: null, text: trimmed }
  const raw = trimmed.slice(equals + 1).trim()
  const value = raw.startsWith('"') ? unquote(raw) : /[\s"]/.test(raw) ? undefined : raw
  if (value === undefined) return undefined
  return { name: name.toLowerCase(), value, text: trimmed }
}

/** Empty segments (`;;`) are passed over; undefined where a parameter is malformed. */
export function parseParams(segments: readonly string[]): readonly Param[] | undefined {
  const params: Param[] = []
  for (const segment of segments) {
    if (segment.trim() === '') continue
    const param = parseParam(segment)
    if (!param) return undefined
    params.push(param)
  }
  return params
}

/** Value of the first parameter of that name (lower case): null without a value, undefined where it is not there. */
export function paramValue(
  params: readonly { readonly name: string; readonly value: string | null }[],
  name: string,
): string | null | undefined {
  return params.find((param) => param.name === name)?.value
}
