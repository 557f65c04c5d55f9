import type { DtmfEvent } from '../types.js'
import { payloadEnd, payloadStart, timestamp } from './packet.js'

const DIGITS = '0123456789*#ABCD'
const LENGTH = 4
/** An event whose end was lost is over when nothing of it came for this long, in ms. */
const STALE = 1000

/**
 * Telephone-events of one stream (RFC 4733 §2.5): many packets of one timestamp are one event, reported once,
 * at its end; or when the next one begins or nothing more comes, where the end was lost.
 */
export class DtmfDetector {
  #current: { timestamp: number; code: number; duration: number; clockRate: number; at: number } | undefined
  #finished: number | undefined

  /** @param now ms @returns the events that this packet ends */
  receive(packet: Uint8Array, clockRate: number, now: number): DtmfEvent[] {
    const start = payloadStart(packet)
    if (payloadEnd(packet) - start < LENGTH) return []
    const time = timestamp(packet)
    if (time === this.#finished) return []
    const events: DtmfEvent[] = []
    if (this.#current && this.#current.timestamp !== time) events.push(...this.#finish())
    const code = packet[start]!
    const end = (packet[start + 1]! & 0x80) !== 0
    const duration = Math.max(durationAt(packet, start), this.#current?.duration ?? 0)
    this.#current = { timestamp: time, code, duration, clockRate, at: now }
    if (end) events.push(...this.#finish())
    return events
  }

  /** To be called now and then: ends what has fallen silent. */
  expire(now: number): DtmfEvent[] {
    return this.#current && now - this.#current.at >= STALE ? this.#finish() : []
  }

  #finish(): DtmfEvent[] {
    const ended = this.#current
    if (!ended) return []
    this.#current = undefined
    this.#finished = ended.timestamp
    const digit = DIGITS[ended.code]
    if (digit === undefined) return []
    return [{ digit, durationMs: Math.round((ended.duration / ended.clockRate) * 1000) }]
  }
}

function durationAt(packet: Uint8Array, start: number): number {
  return (packet[start + 2]! << 8) | packet[start + 3]!
}

/** Restates an event's duration in another clock rate, in place. */
export function rescaleDuration(packet: Uint8Array, factor: number): void {
  const start = payloadStart(packet)
  if (payloadEnd(packet) - start < LENGTH) return
  const duration = Math.min(0xffff, Math.round(durationAt(packet, start) * factor))
  packet[start + 2] = duration >>> 8
  packet[start + 3] = duration
}
