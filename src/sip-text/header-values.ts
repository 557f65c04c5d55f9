import { splitOutside } from './scan.js'

/** Headers whose grammar is no comma-separated list, although commas stand in them. */
const NO_LIST: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'www-authenticate',
  'proxy-authenticate',
  'date',
  'subject',
  'user-agent',
  'server',
  'organization',
  'from',
  'to',
  'call-id',
  'cseq',
  'content-type',
])

/**
 * The values in the lines of one header, in order: lists are cut at their commas where the header's grammar has lists
 * (RFC 3261 §7.3.1).
 *
 * @param name in any case, not compact
 */
export function headerValues(name: string, lines: readonly string[]): readonly string[] {
  if (NO_LIST.has(name.toLowerCase())) return lines
  return lines.flatMap((line) =>
    (splitOutside(line, ',') ?? [line]).map((part) => part.trim()).filter((part) => part !== ''),
  )
}
