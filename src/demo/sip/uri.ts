/** Splits at a separator, but not inside quotes or angle brackets. */
export function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (quoted) {
      if (c === '\\') i++
      else if (c === '"') quoted = false
    } else if (c === '"') quoted = true
    else if (c === '<') depth++
    else if (c === '>') depth--
    else if (c === separator && depth === 0) {
      parts.push(text.slice(start, i).trim())
      start = i + 1
    }
  }
  parts.push(text.slice(start).trim())
  return parts.filter((part) => part !== '')
}

/** Parameters in the order written; names in lower case, a flag has the value ''. */
export type Params = ReadonlyMap<string, string>

export function parseParams(parts: readonly string[]): Params {
  const params = new Map<string, string>()
  for (const part of parts) {
    const [, name, value] = /^\s*([^=\s]+)\s*(?:=\s*(.*?)\s*)?$/.exec(part) ?? []
    if (name !== undefined) params.set(name.toLowerCase(), value ?? '')
  }
  return params
}

/** The value of From, To, Contact, Route and their kind (RFC 3261 §25.1, name-addr or addr-spec). */
export interface NameAddr {
  readonly display: string
  readonly uri: string
  /** Parameters of the header field, not of the URI. */
  readonly params: Params
}

export function parseNameAddr(value: string): NameAddr {
  const angled = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^>]*)>(.*)$/s.exec(value)
  if (angled !== null) {
    const [, quotedName, plainName, uri = '', rest = ''] = angled
    const display = quotedName?.replace(/\\(.)/g, '$1') ?? plainName ?? ''
    return { display, uri, params: parseParams(splitOutsideQuotes(rest, ';')) }
  }
  // Without brackets the parameters belong to the header field (RFC 3261 §20).
  const [uri = '', ...params] = splitOutsideQuotes(value, ';')
  return { display: '', uri, params: parseParams(params) }
}

export interface SipUri {
  readonly scheme: string
  readonly user: string
  readonly host: string
  readonly port: number | undefined
  readonly params: Params
}

/** Undefined where the text is no sip: or sips: URI. */
export function parseUri(text: string): SipUri | undefined {
  const match = /^(sips?):(?:([^@]*)@)?(\[[^\]]+\]|[^:;?]+)(?::(\d+))?((?:;[^?]*)?)(?:\?.*)?$/i.exec(
    text.trim(),
  )
  if (match === null) return undefined
  const [, scheme = '', userinfo = '', host = '', port, params = ''] = match
  return {
    scheme: scheme.toLowerCase(),
    user: userinfo.split(':')[0] ?? '',
    host,
    port: port === undefined ? undefined : Number(port),
    params: parseParams(params.split(';').filter((part) => part !== '')),
  }
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** Where a URI's requests go. No DNS: the players live on numeric hosts. */
export function addressOf(uri: string): Address {
  const parsed = parseUri(uri)
  if (parsed === undefined) throw new Error(`not a SIP URI: ${uri}`)
  return { host: parsed.host.replace(/^\[|\]$/g, ''), port: parsed.port ?? 5060 }
}
