import { createHmac, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { crc32 } from 'node:zlib'

/** STUN (RFC 8489) as far as connectivity checks need it: Binding requests with short-term credentials. */
const COOKIE = 0x2112a442
const HEADER = 20
const FINGERPRINT_XOR = 0x5354554e

const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const BINDING_ERROR = 0x0111

const Attribute = {
  username: 0x0006,
  integrity: 0x0008,
  errorCode: 0x0009,
  xorMappedAddress: 0x0020,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
} as const

export interface BindingRequest {
  transaction: Buffer
  username: string
  /** The peer, which controls, wants this path used (RFC 8445 §7.1.2). */
  nominates: boolean
  /** The peer believes that we control. */
  controlled: boolean
  /** Whether it was made with this password. */
  isOf(password: string): boolean
}

/** RFC 7983 §7. */
export function looksLikeStun(packet: Uint8Array): boolean {
  return packet.length >= HEADER && packet[0]! < 4
}

/** @returns undefined for anything but a whole Binding request with credentials and a right checksum */
export function parseBindingRequest(packet: Buffer): BindingRequest | undefined {
  if (!isMessage(packet) || packet.readUInt16BE(0) !== BINDING_REQUEST) return undefined
  const found = new Map<number, { value: Buffer; at: number }>()
  for (let at = HEADER; at + 4 <= packet.length;) {
    const end = at + 4 + packet.readUInt16BE(at + 2)
    if (end > packet.length) return undefined
    const type = packet.readUInt16BE(at)
    // What follows the integrity is not covered by it, and counts for nothing but the checksum (RFC 8489 §14.5).
    if (!found.has(type) && (!found.has(Attribute.integrity) || type === Attribute.fingerprint)) {
      found.set(type, { value: packet.subarray(at + 4, end), at })
    }
    at = end + padding(end)
  }
  const [username, integrity, print] = [Attribute.username, Attribute.integrity, Attribute.fingerprint].map(
    (type) => found.get(type),
  )
  if (!username || integrity?.value.length !== 20 || print?.value.length !== 4) return undefined
  if (fingerprintOf(packet.subarray(0, print.at)) !== print.value.readUInt32BE()) return undefined
  return {
    transaction: packet.subarray(8, HEADER),
    username: username.value.toString('utf8'),
    nominates: found.has(Attribute.useCandidate),
    controlled: found.has(Attribute.iceControlled),
    isOf: (password) =>
      timingSafeEqual(integrityOf(packet.subarray(0, integrity.at), password), integrity.value),
  }
}

function isMessage(packet: Buffer): boolean {
  return (
    looksLikeStun(packet) &&
    packet.readUInt32BE(4) === COOKIE &&
    packet.readUInt16BE(2) === packet.length - HEADER &&
    packet.length % 4 === 0
  )
}

/** Tells the peer which address it was seen at. */
export function bindingSuccess(
  transaction: Buffer,
  from: { address: string; port: number },
  password: string,
): Buffer {
  const mapped = attribute(Attribute.xorMappedAddress, xorAddress(from, transaction))
  return message(BINDING_SUCCESS, transaction, password, mapped)
}

/** Both sides believe to be controlled; we always are (RFC 8445 §7.3.1.1). */
export function roleConflict(transaction: Buffer, password: string): Buffer {
  const code = Buffer.concat([Buffer.from([0, 0, 4, 87]), Buffer.from('Role Conflict')])
  return message(BINDING_ERROR, transaction, password, attribute(Attribute.errorCode, code))
}

function message(type: number, transaction: Buffer, password: string, content: Buffer): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt16BE(type, 0)
  header.writeUInt16BE(content.length, 2)
  header.writeUInt32BE(COOKIE, 4)
  header.set(transaction, 8)
  const bare = Buffer.concat([header, content])
  const signed = Buffer.concat([bare, attribute(Attribute.integrity, integrityOf(bare, password))])
  signed.writeUInt16BE(signed.length - HEADER + 8, 2)
  const print = Buffer.alloc(4)
  print.writeUInt32BE(fingerprintOf(signed))
  return Buffer.concat([signed, attribute(Attribute.fingerprint, print)])
}

/** Over all before it, with a length that ends with itself (RFC 8489 §14.5). */
function integrityOf(before: Buffer, password: string): Buffer {
  const covered = Buffer.from(before)
  covered.writeUInt16BE(covered.length - HEADER + 24, 2)
  return createHmac('sha1', password).update(covered).digest()
}

/** RFC 8489 §14.7. */
function fingerprintOf(before: Buffer): number {
  return (crc32(before) ^ FINGERPRINT_XOR) >>> 0
}

function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value, Buffer.alloc(padding(value.length))])
}

function padding(length: number): number {
  return (4 - (length % 4)) % 4
}

/** RFC 8489 §14.2. */
function xorAddress({ address, port }: { address: string; port: number }, transaction: Buffer): Buffer {
  const mask = Buffer.alloc(16)
  mask.writeUInt32BE(COOKIE)
  mask.set(transaction, 4)
  const bytes = addressBytes(address)
  const head = Buffer.from([0, bytes.length === 4 ? 1 : 2, (port >> 8) ^ mask[0]!, (port & 0xff) ^ mask[1]!])
  return Buffer.concat([head, Buffer.from(bytes.map((byte, at) => byte ^ mask[at]!))])
}

function addressBytes(address: string): number[] {
  if (isIP(address) === 4) return address.split('.').map(Number)
  const [plain = ''] = address.split('%')
  const [head = '', tail] = plain.split('::')
  const words = (part: string) => part.split(':').filter(Boolean).flatMap(wordsOf)
  const [before, after] = [words(head), words(tail ?? '')]
  const zeros = new Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0)
  return [...before, ...zeros, ...after].flatMap((word) => [word >> 8, word & 0xff])
}

/** One group of an IPv6 address, or two that are written as IPv4. */
function wordsOf(group: string): number[] {
  if (!group.includes('.')) return [parseInt(group, 16)]
  const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
  return [(a << 8) | b, (c << 8) | d]
}
