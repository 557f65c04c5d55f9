import { isHostCharacter, isSpace, isTokenCharacter, skipDigits, skipSpace } from './characters.js'
import { ParamReader, formatParams, parseParams, type Params } from './params.js'
import { hostPort } from './uri.js'
import { parseNumber } from './values.js'

/** One Via value (RFC 3261 §20.42). */
export interface Via {
  /** Upper case: UDP, TCP, TLS, WS, WSS. */
  readonly transport: string
  readonly host: string
  readonly port?: number | undefined
  readonly params: Params
}

/** A Via value that was read. Of its parameters only the branch is taken out; the others wait until asked for. */
export class ReadVia implements Via {
  constructor(
    readonly transport: string,
    readonly host: string,
    readonly port: number | undefined,
    readonly branch: string | undefined,
    /** The parameters as text. */
    readonly tail: string,
  ) {}

  get params(): Params {
    return parseParams(this.tail) ?? new Map()
  }
}

const PREFIX = 'SIP/2.0/'
const SPACED_PREFIX = /^\s*SIP\s*\/\s*2\.0\s*\/\s*/i
const COLON = 58
const SEMICOLON = 59

export function parseVia(value: string): ReadVia | undefined {
  const start = value.startsWith(PREFIX)
    ? skipSpace(value, PREFIX.length)
    : (SPACED_PREFIX.exec(value)?.[0].length ?? -1)
  let at = start
  while (at >= 0 && at < value.length && isTokenCharacter(value.charCodeAt(at))) at++
  if (at <= start || !isSpace(value.charCodeAt(at))) return undefined
  const transport = value.slice(start, at).toUpperCase()
  const hostStart = skipSpace(value, at)
  const hostEnd = endOfHost(value, hostStart)
  if (hostEnd < 0) return undefined
  const sentBy = value.slice(hostStart, hostEnd)
  const host = sentBy.startsWith('[') ? sentBy.slice(1, -1) : sentBy
  at = skipSpace(value, hostEnd)
  let port: number | undefined
  if (value.charCodeAt(at) === COLON) {
    const portStart = skipSpace(value, at + 1)
    const portEnd = skipDigits(value, portStart)
    port = parseNumber(value.slice(portStart, portEnd), 65_535)
    if (port === undefined) return undefined
    at = skipSpace(value, portEnd)
  }
  if (at < value.length && value.charCodeAt(at) !== SEMICOLON) return undefined
  return withTail(transport, host, port, value.slice(at))
}

/** The value with its branch found; undefined where the parameters are malformed. */
function withTail(
  transport: string,
  host: string,
  port: number | undefined,
  tail: string,
): ReadVia | undefined {
  let branch: string | undefined
  const reader = new ParamReader(tail)
  while (reader.next()) if (reader.is('branch')) branch = reader.value
  return reader.malformed ? undefined : new ReadVia(transport, host, port, branch, tail)
}

const IPV6 = /\[[0-9A-Fa-f:.]+\]/y

/** Where the host ends that begins at `at`; -1 where there is none. */
function endOfHost(value: string, at: number): number {
  if (value.charCodeAt(at) === 91) {
    IPV6.lastIndex = at
    return IPV6.test(value) ? IPV6.lastIndex : -1
  }
  let end = at
  while (end < value.length && isHostCharacter(value.charCodeAt(end))) end++
  return end > at ? end : -1
}

export function formatVia(via: Via): string {
  const tail = via instanceof ReadVia ? via.tail : formatParams(via.params)
  return `SIP/2.0/${via.transport} ${hostPort(via.host, via.port)}${tail}`
}

/** Where a message came from, written into its top Via (RFC 3261 §18.2.1, RFC 3581 §4). */
export function stampVia(via: ReadVia, source: { address: string; port: number }): ReadVia {
  let tail = ''
  let received = `;received=${source.address}`
  // drachtio-server adds rport even where the client did not ask for it: answers then always pass NAT.
  let rport = `;rport=${source.port}`
  const reader = new ParamReader(via.tail)
  while (reader.next()) {
    if (reader.is('received')) {
      tail += received
      received = ''
    } else if (reader.is('rport')) {
      tail += rport
      rport = ''
    } else tail += reader.text
  }
  return new ReadVia(via.transport, via.host, via.port, via.branch, tail + received + rport)
}

/** The branches of RFC 3261 begin so (§8.1.1.7). */
export const BRANCH_COOKIE = 'z9hG4bK'
