/** RFC 3550 §5.1. */
export interface RtpPacket {
  readonly payloadType: number
  readonly marker: boolean
  readonly sequence: number
  readonly timestamp: number
  readonly ssrc: number
  readonly payload: Buffer
}

export function buildRtp(packet: RtpPacket): Buffer {
  const bytes = Buffer.allocUnsafe(12 + packet.payload.length)
  bytes[0] = 0x80
  bytes[1] = (packet.marker ? 0x80 : 0) | packet.payloadType
  bytes.writeUInt16BE(packet.sequence & 0xffff, 2)
  bytes.writeUInt32BE(packet.timestamp >>> 0, 4)
  bytes.writeUInt32BE(packet.ssrc >>> 0, 8)
  packet.payload.copy(bytes, 12)
  return bytes
}

/** Undefined for what is no RTP version 2 packet. */
export function parseRtp(bytes: Buffer): RtpPacket | undefined {
  if (bytes.length < 12) return undefined
  const first = bytes.readUInt8(0)
  const second = bytes.readUInt8(1)
  if (first >> 6 !== 2) return undefined
  let start = 12 + (first & 0x0f) * 4
  if ((first & 0x10) !== 0) {
    if (bytes.length < start + 4) return undefined
    start += 4 + bytes.readUInt16BE(start + 2) * 4
  }
  const padding = (first & 0x20) === 0 ? 0 : bytes.readUInt8(bytes.length - 1)
  const end = bytes.length - padding
  if (start > end) return undefined
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    payload: bytes.subarray(start, end),
  }
}

/** A sender report without report blocks (RFC 3550 §6.4.1). */
export function buildSenderReport(ssrc: number, timestamp: number, packets: number, octets: number): Buffer {
  const bytes = Buffer.alloc(28)
  bytes[0] = 0x80
  bytes[1] = 200
  bytes.writeUInt16BE(6, 2)
  bytes.writeUInt32BE(ssrc >>> 0, 4)
  const ms = Date.now()
  bytes.writeUInt32BE((Math.floor(ms / 1000) + 2_208_988_800) >>> 0, 8)
  bytes.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 2 ** 32), 12)
  bytes.writeUInt32BE(timestamp >>> 0, 16)
  bytes.writeUInt32BE(packets >>> 0, 20)
  bytes.writeUInt32BE(octets >>> 0, 24)
  return bytes
}
