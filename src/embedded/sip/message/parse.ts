import { Headers, type HeaderField } from './headers.js'
import { request, response, type SipMessage } from './message.js'
import { headerKey } from './names.js'
import { isToken, parseNumber } from './values.js'

/** Why a message cannot be served: the status that says so, and a reason phrase for it. */
export interface Defect {
  readonly status: number
  readonly reason: string
}

/** What could be read, and the first defect found in it. A message without a readable start line is no message. */
export interface Parsed {
  readonly message: SipMessage
  readonly defect?: Defect
}

export interface ParseLimits {
  /** Most header lines a message may have. */
  readonly headerLines: number
}

const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9

/** Offset just past the empty line that ends the header, or -1. Lone LFs are taken as line ends. */
export function endOfHead(bytes: Buffer, from = 0): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    const next = bytes[at + 1]
    if (next === LF) return at + 2
    if (next === CR && bytes[at + 2] === LF) return at + 3
  }
  return -1
}

/**
 * Parses one whole message (a datagram, or what framing cut out of a stream). Undefined where there is no SIP
 * start line. Lenient where RFC 4475 allows it: what is kept is what an answer can be built from.
 */
export function parseMessage(bytes: Buffer, limits: ParseLimits): Parsed | undefined {
  const headEnd = endOfHead(bytes)
  const bodyStart = headEnd < 0 ? bytes.length : headEnd
  const lines = unfold(bytes.toString('utf8', 0, bodyStart))
  const { fields, defect: headerDefect } = parseFields(lines, limits)
  const headers = new Headers(fields)
  const { body, defect: bodyDefect } = cutBody(headers, bytes.subarray(bodyStart))
  const start = parseStartLine(lines[0] ?? '', headers, body)
  if (!start) return undefined
  const defect = start.defect ?? headerDefect ?? bodyDefect
  return defect ? { message: start.message, defect } : start
}

/** Splits the head into lines; a line that begins with white space continues the one above (§7.3.1). */
function unfold(head: string): string[] {
  const lines: string[] = []
  let start = 0
  while (start < head.length) {
    let end = head.indexOf('\n', start)
    if (end < 0) end = head.length
    const stop = end > start && head.charCodeAt(end - 1) === CR ? end - 1 : end
    const line = head.slice(start, stop)
    start = end + 1
    if (line === '') break
    const first = line.charCodeAt(0)
    const last = lines.length - 1
    if ((first === SPACE || first === TAB) && last > 0) lines[last] = `${lines[last]} ${line.trim()}`
    else lines.push(line)
  }
  return lines
}

function parseFields(lines: string[], limits: ParseLimits): { fields: HeaderField[]; defect?: Defect } {
  const fields: HeaderField[] = []
  let defect: Defect | undefined
  if (lines.length - 1 > limits.headerLines) defect = bad('Too Many Header Fields')
  const count = Math.min(lines.length, limits.headerLines + 1)
  for (let i = 1; i < count; i++) {
    const line = lines[i] ?? ''
    const colon = line.indexOf(':')
    const name = colon < 0 ? '' : line.slice(0, colon).trimEnd()
    const value = line
      .slice(colon + 1)
      .replace(/[\r\0]+/g, ' ')
      .trim()
    if (isToken(name)) fields.push({ key: headerKey(name), name, value })
    else defect ??= bad('Malformed Header Field')
  }
  return defect ? { fields, defect } : { fields }
}

/** Content-Length counts bytes; beyond it everything is dropped, and less than it is an error (§18.3). */
function cutBody(headers: Headers, rest: Buffer): { body: Buffer; defect?: Defect } {
  const lengths = headers.lineValues('content-length')
  if (lengths.length === 0) return { body: rest }
  const length = lengths.length === 1 ? parseNumber(lengths[0] ?? '', Number.MAX_SAFE_INTEGER) : undefined
  if (length === undefined) return { body: rest.subarray(0, 0), defect: bad('Invalid Content-Length') }
  if (length > rest.length) return { body: rest, defect: bad('Content-Length Exceeds Message') }
  return { body: rest.subarray(0, length) }
}

function parseStartLine(line: string, headers: Headers, body: Buffer): Parsed | undefined {
  if (/^SIP\//i.test(line)) return parseStatusLine(line, headers, body)
  const space = line.indexOf(' ')
  const method = line.slice(0, Math.max(space, 0))
  const version = /\s+(SIP\/[0-9]+\.[0-9]+)\s*$/i.exec(line)
  if (!isToken(method) || !version || version.index < space) return undefined
  const uri = line.slice(space + 1, version.index)
  const message = request(method, uri, headers, body)
  if (version[1]?.toUpperCase() !== 'SIP/2.0') {
    return { message, defect: { status: 505, reason: 'Version Not Supported' } }
  }
  // One space between the parts, and none inside the URI (RFC 3261 §7.1, RFC 4475 §3.1.2.9-10).
  if (uri === '' || /\s/.test(uri) || !/^ \S/.test(version[0]))
    return { message, defect: bad('Malformed Request-Line') }
  return { message }
}

function parseStatusLine(line: string, headers: Headers, body: Buffer): Parsed | undefined {
  const match = /^SIP\/2\.0 ([1-6][0-9]{2})(?: (.*))?$/i.exec(line)
  if (!match) return undefined
  return { message: response(Number(match[1]), match[2] ?? '', headers, body) }
}

function bad(reason: string): Defect {
  return { status: 400, reason }
}
