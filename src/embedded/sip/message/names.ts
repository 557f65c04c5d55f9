/** Compact forms of header names (RFC 3261 §7.3.3 and the IANA registry). */
const COMPACT: Readonly<Record<string, string>> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  d: 'Request-Disposition',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  j: 'Reject-Contact',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  n: 'Identity-Info',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
  y: 'Identity',
}

/** Names whose usual spelling is not "capital letter after each dash". */
const IRREGULAR: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  'mime-version': 'MIME-Version',
  'min-se': 'Min-SE',
  rack: 'RAck',
  rseq: 'RSeq',
  'sip-etag': 'SIP-ETag',
  'sip-if-match': 'SIP-If-Match',
  'www-authenticate': 'WWW-Authenticate',
}

/** Other names that most messages have. */
const COMMON = [
  'Accept',
  'Allow',
  'Authorization',
  'Expires',
  'Max-Forwards',
  'P-Asserted-Identity',
  'Path',
  'Proxy-Authorization',
  'Reason',
  'Record-Route',
  'Require',
  'Route',
  'User-Agent',
]

/** A spelling, and the key that it means. */
export interface HeaderName {
  readonly key: string
  readonly name: string
}

/** Usual spellings, keys and compact forms, looked up first: most messages need no lower-casing at all. */
const KNOWN = new Map<string, HeaderName>()
for (const name of [...Object.values(COMPACT), ...Object.values(IRREGULAR), ...COMMON]) {
  // What was the key of an object is interned: two of those are told apart by their addresses.
  const key = Object.keys({ [name.toLowerCase()]: true })[0] ?? ''
  KNOWN.set(name, { key, name }).set(key, { key, name: key })
}
for (const [letter, name] of Object.entries(COMPACT))
  KNOWN.set(letter, { key: headerKey(name), name: letter })

/** The full name of a compact form; any other name as it is. */
export function fullName(name: string): string {
  return name.length === 1 ? (COMPACT[name.toLowerCase()] ?? name) : name
}

/** A name as it was spelt, and its key. */
export function headerName(name: string): HeaderName {
  return KNOWN.get(name) ?? { key: rareKey(name), name }
}

/** The key under which a header is found: full name, lower case. */
export function headerKey(name: string): string {
  return KNOWN.get(name)?.key ?? rareKey(name)
}

function rareKey(name: string): string {
  const key = fullName(name).toLowerCase()
  return KNOWN.get(key)?.key ?? key
}

/**
 * The spelling under which a name that an app wrote goes to the wire. Apps write lower case; peers are often
 * less tolerant than RFC 3261 asks. `X-` names stay as they were written, as in drachtio-server.
 */
export function wireName(name: string): string {
  if (/^x-/i.test(name)) return name
  const full = fullName(name)
  return IRREGULAR[full.toLowerCase()] ?? full.replace(/(^|-)([a-z])/g, (part) => part.toUpperCase())
}
