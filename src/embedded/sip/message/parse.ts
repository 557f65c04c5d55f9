import { isAscii } from 'node:buffer'
import { isSpace, isTokenCharacter } from './characters.js'
import { HeaderField, Headers } from './headers.js'
import { ReadRequest, ReadResponse, type SipMessage } from './message.js'
import { headerName } from './names.js'
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
const COLON = 58

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
 *
 * The bytes are read once, as text of one character a byte; what is kept are parts of that text, and nothing of
 * the buffer.
 */
export function parseMessage(bytes: Buffer, limits: ParseLimits): Parsed | undefined {
  const text = bytes.toString('latin1')
  const head = isAscii(bytes) ? readHead(text, text.length, limits) : readEncodedHead(bytes, text, limits)
  const headers = new Headers(head.fields)
  const { body, defect: bodyDefect } = cutBody(headers, text, head.end)
  const start = readStartLine(head.startLine, headers, body)
  if (!start) return undefined
  const defect = start.defect ?? head.defect ?? bodyDefect
  return defect ? { message: start.message, defect } : start
}

interface Head {
  readonly startLine: string
  readonly fields: HeaderField[]
  readonly defect: Defect | undefined
  /** Where the body begins. */
  readonly end: number
}

/** The head of a message that has bytes above 127: in the head they are UTF-8. */
function readEncodedHead(bytes: Buffer, text: string, limits: ParseLimits): Head {
  const found = endOfHead(bytes)
  const end = found < 0 ? bytes.length : found
  if (isAscii(bytes.subarray(0, end))) return readHead(text, end, limits)
  const decoded = bytes.toString('utf8', 0, end)
  return { ...readHead(decoded, decoded.length, limits), end }
}

/** Reads lines up to the empty one, but no more than the first `length` characters. */
function readHead(text: string, length: number, limits: ParseLimits): Head {
  const fields: HeaderField[] = []
  const nul = text.includes('\0')
  let defect: Defect | undefined
  let startLine: string | undefined
  let lines = 0
  for (let next = 0; next < length;) {
    const start = next
    next = nextLine(text, start, length)
    const stop = endOfLine(text, start, next)
    if (stop === start) return { startLine: startLine ?? '', fields, defect, end: next }
    if (startLine === undefined) {
      startLine = text.slice(start, stop)
      continue
    }
    if (lines > 0 && continues(text, start)) return readFoldedHead(text, length, limits)
    if (++lines > limits.headerLines) {
      defect = bad('Too Many Header Fields')
      continue
    }
    const field = readField(text, start, stop, nul)
    if (field) fields.push(field)
    else defect ??= bad('Malformed Header Field')
  }
  return { startLine: startLine ?? '', fields, defect, end: length }
}

/** Where the line after the one at `start` begins. */
function nextLine(text: string, start: number, length: number): number {
  const end = text.indexOf('\n', start)
  return end < 0 || end >= length ? length : end + 1
}

/** Where a line ends that is followed by what begins at `next`: before its LF, or CR and LF. */
function endOfLine(text: string, start: number, next: number): number {
  const stop = text.charCodeAt(next - 1) === LF ? next - 1 : next
  return stop > start && text.charCodeAt(stop - 1) === CR ? stop - 1 : stop
}

/** Whether a line continues the one above: it begins with white space (§7.3.1). */
function continues(text: string, start: number): boolean {
  const first = text.charCodeAt(start)
  return first === SPACE || first === TAB
}

/** The same for a head with continued lines, which is rare: they are put behind those that they continue. */
function readFoldedHead(text: string, length: number, limits: ParseLimits): Head {
  const lines: string[] = []
  let next = 0
  while (next < length) {
    const start = next
    next = nextLine(text, start, length)
    const line = text.slice(start, endOfLine(text, start, next))
    if (line === '') break
    const last = lines.length - 1
    if (last > 0 && continues(text, start)) lines[last] = `${lines[last]} ${line.trim()}`
    else lines.push(line)
  }
  // Ended as they came: of a line that ends in two CRs the second pass leaves one too.
  const unfolded = `${lines.join('\r\n')}\r\n`
  return { ...readHead(unfolded, unfolded.length, limits), end: next }
}

/** The header line between two offsets; undefined where it is none. */
function readField(text: string, start: number, stop: number, nul: boolean): HeaderField | undefined {
  let at = start
  while (at < stop && isTokenCharacter(text.charCodeAt(at))) at++
  const nameEnd = at
  while (at < stop && isSpace(text.charCodeAt(at))) at++
  if (nameEnd === start || at >= stop || text.charCodeAt(at) !== COLON) return undefined
  const { key, name } = headerName(text.slice(start, nameEnd))
  at++
  while (at < stop && isSpace(text.charCodeAt(at))) at++
  let end = stop
  while (end > at && isSpace(text.charCodeAt(end - 1))) end--
  const value = text.slice(at, end)
  return new HeaderField(key, name, nul || value.includes('\r') ? withoutControls(value) : value)
}

/** A lone CR would begin a line of its own where it is sent on; NUL ends a text in some languages. */
function withoutControls(value: string): string {
  return value.replace(/[\r\0]+/g, ' ').trim()
}

/** Content-Length counts bytes; beyond it everything is dropped, and less than it is an error (§18.3). */
function cutBody(headers: Headers, text: string, start: number): { body: string; defect?: Defect } {
  const field = headers.first('content-length')
  if (!field) return { body: text.slice(start) }
  const single = headers.count('content-length') === 1
  const length = single ? field.parsed(parseLength) : undefined
  if (length === undefined) return { body: '', defect: bad('Invalid Content-Length') }
  if (start + length > text.length) {
    return { body: text.slice(start), defect: bad('Content-Length Exceeds Message') }
  }
  return { body: text.slice(start, start + length) }
}

function parseLength(value: string): number | undefined {
  return parseNumber(value, Number.MAX_SAFE_INTEGER)
}

function readStartLine(line: string, headers: Headers, body: string): Parsed | undefined {
  if (/^SIP\//i.test(line)) return readStatusLine(line, headers, body)
  const space = line.indexOf(' ')
  const method = line.slice(0, Math.max(space, 0))
  const usual = line.endsWith(' SIP/2.0') ? line.slice(space + 1, -8) : ''
  if (space > 0 && usual !== '' && !/\s/.test(usual) && isToken(method)) {
    return { message: new ReadRequest(method, usual, headers, body) }
  }
  const version = /\s+(SIP\/[0-9]+\.[0-9]+)\s*$/i.exec(line)
  if (!isToken(method) || !version || version.index < space) return undefined
  const uri = line.slice(space + 1, version.index)
  const message = new ReadRequest(method, uri, headers, body)
  if (version[1]?.toUpperCase() !== 'SIP/2.0') {
    return { message, defect: { status: 505, reason: 'Version Not Supported' } }
  }
  // One space between the parts, and none inside the URI (RFC 3261 §7.1, RFC 4475 §3.1.2.9-10).
  if (uri === '' || /\s/.test(uri) || !/^ \S/.test(version[0]))
    return { message, defect: bad('Malformed Request-Line') }
  return { message }
}

function readStatusLine(line: string, headers: Headers, body: string): Parsed | undefined {
  const match = /^SIP\/2\.0 ([1-6][0-9]{2})(?: (.*))?$/i.exec(line)
  if (!match) return undefined
  return { message: new ReadResponse(Number(match[1]), match[2] ?? '', headers, body) }
}

function bad(reason: string): Defect {
  return { status: 400, reason }
}
