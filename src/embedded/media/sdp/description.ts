import { isIP } from 'node:net'
import { MediaError } from '../errors.js'

/** Session descriptions (RFC 4566, RFC 8866) as far as an audio endpoint needs them. */
export interface SessionDescription {
  connection?: Connection
  attributes: Attribute[]
  media: MediaDescription[]
}

export interface MediaDescription {
  kind: string
  /** 0: the stream is refused or removed (RFC 3264 §6, §8.2). */
  port: number
  protocol: string
  formats: string[]
  connection?: Connection
  attributes: Attribute[]
}

export interface Connection {
  family: 4 | 6
  /** A literal address or a host name. */
  address: string
}

export interface Attribute {
  name: string
  value?: string
}

const MAX_LENGTH = 64 * 1024
const MAX_MEDIA = 32
const TOKEN = /^[\w!#$%&'*+\-.^`{|}~/]+$/

/** @throws MediaError `bad-sdp`, naming the line */
export function parseDescription(text: string): SessionDescription {
  if (text.length > MAX_LENGTH) throw new MediaError('bad-sdp', `longer than ${MAX_LENGTH} characters`)
  const lines = text.split(/\r\n|\n|\r/)
  const session: SessionDescription = { attributes: [], media: [] }
  let sawOrigin = false
  lines.forEach((line, index) => {
    if (line === '') return
    const bad = (why: string) => new MediaError('bad-sdp', `line ${index + 1}: ${why}`)
    if (line[1] !== '=') throw bad('not of the form <type>=<value>')
    const value = line.slice(2)
    if (index === 0 && line !== 'v=0') throw bad('a description begins with v=0')
    if (line.startsWith('o=')) sawOrigin = true
    const scope = session.media.at(-1) ?? session
    if (line.startsWith('c=')) scope.connection = parseConnection(value, bad)
    else if (line.startsWith('a=')) scope.attributes.push(parseAttribute(value))
    else if (line.startsWith('m=')) session.media.push(parseMedia(value, bad))
    if (session.media.length > MAX_MEDIA) throw bad(`more than ${MAX_MEDIA} media lines`)
  })
  if (lines[0] !== 'v=0') throw new MediaError('bad-sdp', 'empty')
  if (!sawOrigin) throw new MediaError('bad-sdp', 'no o= line')
  return session
}

type Complaint = (why: string) => MediaError

function parseConnection(value: string, bad: Complaint): Connection {
  const [network, type, address] = value.trim().split(/\s+/)
  if (network !== 'IN' || (type !== 'IP4' && type !== 'IP6') || !address) throw bad('a bad c= line')
  const literal = address.split('/', 1)[0] ?? ''
  const family = type === 'IP4' ? 4 : 6
  const actual = isIP(literal)
  if (actual !== 0 && actual !== family) throw bad('address and address type differ')
  return { family, address: literal }
}

function parseAttribute(value: string): Attribute {
  const colon = value.indexOf(':')
  if (colon < 0) return { name: value.trim() }
  return { name: value.slice(0, colon), value: value.slice(colon + 1).trim() }
}

function parseMedia(value: string, bad: Complaint): MediaDescription {
  const [kind, portText, protocol, ...formats] = value.trim().split(/\s+/)
  if (!kind || !portText || !protocol || formats.length === 0) throw bad('a bad m= line')
  if (![kind, protocol, ...formats].every((word) => TOKEN.test(word))) throw bad('a bad word in the m= line')
  const match = /^(\d{1,5})(?:\/\d+)?$/.exec(portText)
  const port = Number(match?.[1] ?? NaN)
  if (!(port <= 65535)) throw bad('a bad port')
  return { kind, port, protocol, formats, attributes: [] }
}

/** The first value of an attribute; `''` where it is a bare flag. */
export function attribute(from: { attributes: Attribute[] }, name: string): string | undefined {
  const found = from.attributes.find((each) => each.name === name)
  return found && (found.value ?? '')
}

export function attributes(from: { attributes: Attribute[] }, name: string): string[] {
  return from.attributes.flatMap((each) => (each.name === name ? [each.value ?? ''] : []))
}
