import type { Headers } from '../../ports/signaling.js'

/** Compact forms of RFC 3261 §7.3.3 and its extensions. */
const LONG: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
}

/**
 * The header lines of a message, by long name in lower case, as they stood. drachtio-srf merges the lines of one
 * name with commas, which cannot be undone; so they are read from the text again.
 */
export function headerLines(raw: string): ReadonlyMap<string, readonly string[]> {
  const end = raw.indexOf('\r\n\r\n')
  const head = (end < 0 ? raw : raw.slice(0, end)).replace(/\r\n[ \t]+/g, ' ')
  const lines = new Map<string, string[]>()
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const short = line.slice(0, colon).trim().toLowerCase()
    const name = LONG[short] ?? short
    const value = line.slice(colon + 1).trim()
    const known = lines.get(name)
    if (known === undefined) lines.set(name, [value])
    else known.push(value)
  }
  return lines
}

/**
 * Headers as drachtio-srf takes them: one value a name. Values that must not be merged with commas (RFC 3261 §7.3.1:
 * WWW-Authenticate) stay lines of their own, because srf writes the value as it is.
 */
export function toSrf(headers: Headers): Record<string, string> {
  const merged = new Map<string, { name: string; values: string[] }>()
  for (const [name, value] of headers) {
    if (/[\r\n]/.test(name + value)) throw new Error(`header ${JSON.stringify(name)} would break its line`)
    const key = name.toLowerCase()
    const known = merged.get(key)
    if (known === undefined) merged.set(key, { name, values: [value] })
    else known.values.push(value)
  }
  return Object.fromEntries(
    [...merged.values()].map(({ name, values }) => [name, values.join(`\r\n${name}: `)]),
  )
}
