import type { RtpPacket } from './packet.js'

const digits = '0123456789*#ABCD'
/** Timestamp units of 20 ms at 8,000 Hz. */
const frameUnits = 160

export interface DigitPacket {
  readonly payload: Buffer
  readonly marker: boolean
  /** Ticks since the event's beginning: the timestamp stays that of the beginning. */
  readonly first: boolean
}

/** The packets of one digit, one each 20 ms, the end said three times (RFC 4733 §2.5.1.4). */
export function digitPackets(digit: string, durationMs = 100): DigitPacket[] {
  const event = digits.indexOf(digit.toUpperCase())
  if (event < 0 || digit.length !== 1) throw new Error(`not a DTMF digit: ${digit}`)
  const frames = Math.max(2, Math.round(durationMs / 20))
  const during = Array.from({ length: frames - 1 }, (_, i) =>
    eventPayload(event, false, (i + 1) * frameUnits),
  )
  const end = Array.from({ length: 3 }, () => eventPayload(event, true, frames * frameUnits))
  return [...during, ...end].map((payload, i) => ({ payload, marker: i === 0, first: i === 0 }))
}

function eventPayload(event: number, end: boolean, duration: number): Buffer {
  const payload = Buffer.alloc(4)
  payload[0] = event
  payload[1] = (end ? 0x80 : 0) | 10
  payload.writeUInt16BE(duration, 2)
  return payload
}

/** Makes digits of telephone-event packets: each event counts once, however often its end is said. */
export class DigitReader {
  #ended = ''

  /** The digit, with its duration in timestamp units, when its first end packet comes. */
  read(packet: RtpPacket): { readonly digit: string; readonly durationMs: number } | undefined {
    if (packet.payload.length < 4) return undefined
    const end = (packet.payload.readUInt8(1) & 0x80) !== 0
    const digit = digits[packet.payload.readUInt8(0)]
    const key = `${packet.ssrc}/${packet.timestamp}`
    if (!end || digit === undefined || key === this.#ended) return undefined
    this.#ended = key
    return { digit, durationMs: packet.payload.readUInt16BE(2) / 8 }
  }
}
