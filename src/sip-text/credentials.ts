import { parseParam } from './params.js'
import { splitOutside } from './scan.js'

/** One `Scheme …` of an Authorization or WWW-Authenticate header (RFC 7235 §2.1). */
export interface Credentials {
  /** In lower case. */
  readonly scheme: string
  /** What follows a scheme that has no parameters, as in `Bearer abc`. */
  readonly token: string | undefined
  /** Names in lower case, values without quotes. */
  readonly params: ReadonlyMap<string, string>
}

const SCHEME = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+)[ \t]+(.*)$/s
const TOKEN68 = /^[A-Za-z0-9._~+/-]+=*$/

/**
 * Every set of credentials in a header value: several may stand in one line where a proxy folded headers together.
 * Undefined where the value is malformed or names a parameter twice.
 */
export function parseCredentials(text: string): readonly Credentials[] | undefined {
  const all: { scheme: string; token: string | undefined; params: Map<string, string> }[] = []
  for (const part of splitOutside(text, ',', { brackets: false }) ?? ['']) {
    const trimmed = part.trim()
    const opening = /^[^="\s]+[ \t]*=/.test(trimmed) ? null : SCHEME.exec(trimmed)
    if (opening) all.push({ scheme: (opening[1] ?? '').toLowerCase(), token: undefined, params: new Map() })
    const current = all.at(-1)
    if (!current) return undefined
    const body = (opening ? opening[2] : trimmed)?.trim() ?? ''
    if (opening && TOKEN68.test(body)) {
      current.token = body
      continue
    }
    const param = parseParam(body)
    if (!param || param.value === null || current.params.has(param.name)) return undefined
    current.params.set(param.name, param.value)
  }
  return all
}
