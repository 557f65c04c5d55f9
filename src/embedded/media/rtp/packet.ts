/** The fixed header (RFC 3550 §5.1), read and written in the received buffer itself. */
export const HEADER = 12

/** Long enough, and of version 2. STUN and DTLS fail here too (RFC 7983). */
export function isRtp(packet: Uint8Array): boolean {
  return packet.length >= HEADER && (packet[0]! & 0xc0) === 0x80
}

/** On a shared port, what is RTCP (RFC 5761 §4). */
export function looksLikeRtcp(packet: Uint8Array): boolean {
  const type = packet[1]! & 0x7f
  return type >= 64 && type < 96
}

export function payloadType(packet: Uint8Array): number {
  return packet[1]! & 0x7f
}

export function sequence(packet: Uint8Array): number {
  return (packet[2]! << 8) | packet[3]!
}

export function timestamp(packet: Uint8Array): number {
  return read32(packet, 4)
}

export function source(packet: Uint8Array): number {
  return read32(packet, 8)
}

export function marker(packet: Uint8Array): boolean {
  return (packet[1]! & 0x80) !== 0
}

export function read32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

export function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

export interface Header {
  payloadType: number
  marker: boolean
  sequence: number
  timestamp: number
  source: number
}

/** Leaves the first byte alone: version, padding, extension and CSRC count are the packet's own. */
export function writeHeader(packet: Uint8Array, header: Header): void {
  packet[1] = (header.marker ? 0x80 : 0) | header.payloadType
  packet[2] = header.sequence >>> 8
  packet[3] = header.sequence
  write32(packet, 4, header.timestamp)
  write32(packet, 8, header.source)
}

/** Where the payload begins, past CSRCs and the header extension; the packet's length where it is cut short. */
export function payloadStart(packet: Uint8Array): number {
  let start = HEADER + 4 * (packet[0]! & 0x0f)
  if ((packet[0]! & 0x10) !== 0 && start + 4 <= packet.length) {
    start += 4 + 4 * ((packet[start + 2]! << 8) | packet[start + 3]!)
  }
  return Math.min(start, packet.length)
}

/** Where the payload ends, before any padding. */
export function payloadEnd(packet: Uint8Array): number {
  if ((packet[0]! & 0x20) === 0) return packet.length
  const padding = packet[packet.length - 1]!
  return Math.max(payloadStart(packet), packet.length - padding)
}

/** a - b in the ring of 16 bit sequence numbers: negative where a is older. */
export function sequenceDelta(a: number, b: number): number {
  return ((a - b) << 16) >> 16
}

/** a - b in the ring of 32 bit timestamps. */
export function timestampDelta(a: number, b: number): number {
  return (a - b) | 0
}
