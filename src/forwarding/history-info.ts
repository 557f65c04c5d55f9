import { parseNameAddr } from '../sip-text/name-addr.js'
import { parseUri } from '../sip-text/uri.js'
import { numberIn } from './number-in.js'

/** One target that a request had (RFC 7044 §5). */
interface Entry {
  readonly number: string | undefined
  /** `1.2` is below `1`. */
  readonly index: readonly number[]
  /** The entry that this target came from. */
  readonly mappedFrom: string | null
  /** Its URI says why the request came to it (RFC 4458 §2). */
  readonly caused: boolean
  /** Its URI says what became of it (RFC 7044 §5.2). */
  readonly left: boolean
}

/**
 * Numbers that diverted a request, the newest first: targets that another one was mapped from, or that were left for a
 * reason. Where no entry says anything of the kind, every target but the last was left.
 */
export function divertersIn(values: readonly string[]): readonly string[] {
  const entries = values.flatMap((value) => entryOf(value) ?? []).sort((a, b) => compare(a.index, b.index))
  const origins = new Set(entries.flatMap(({ mappedFrom }) => mappedFrom ?? []))
  const marked = entries.filter(
    (entry, at) => entry.left || origins.has(entry.index.join('.')) || entries[at + 1]?.caused === true,
  )
  const diverting = marked.length > 0 ? marked : entries.slice(0, -1)
  return diverting.flatMap(({ number }) => number ?? []).reverse()
}

function entryOf(value: string): Entry | undefined {
  const address = parseNameAddr(value)
  const index = address?.params.find(({ name }) => name === 'index')?.value
  if (address === undefined || index === undefined || index === null || !/^\d+(?:\.\d+)*$/.test(index)) {
    return undefined
  }
  const uri = parseUri(address.uri)
  const params = uri?.kind === 'sip' || uri?.kind === 'tel' ? uri.params : []
  return {
    number: numberIn(value),
    index: index.split('.').map(Number),
    mappedFrom: address.params.find(({ name }) => name === 'mp')?.value ?? null,
    caused: params.some(({ name }) => name === 'cause'),
    left: uri?.kind === 'sip' && /(?:^|&)reason=/i.test(uri.headers),
  }
}

/** Depth first, as the targets came one after another. */
function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
