import type { DtmfEvent } from '../types.js'
import {
  marker,
  payloadEnd,
  payloadStart,
  sequence,
  sequenceDelta,
  source,
  timestamp,
  timestampDelta,
} from './packet.js'

const DIGITS = '0123456789*#ABCD'
const LENGTH = 4
/** An event whose end was lost is over when nothing of it came for this long, in ms. */
const STALE = 1000

/** A packet that is at most so many late is late, and not of a source that began anew (RFC 3550 A.1). */
const MAX_MISORDER = 100

interface Press {
  readonly code: number
  readonly clockRate: number
  /** Of the segment that is being told (RFC 4733 §2.5.1.3). */
  timestamp: number
  duration: number
  /** Of the segments before. */
  earlier: number
  /** ms, of its last packet. */
  at: number
}

/**
 * Telephone-events of one stream (RFC 4733 §2.5): many packets of one timestamp are one event, reported once,
 * at its end; or when the next one begins or nothing more comes, where the end was lost. What is held for longer
 * than a duration can say comes in segments, and is one event still.
 */
export class DtmfDetector {
  #current: Press | undefined
  /** The timestamp of the last one that ended. */
  #finished: number | undefined
  #newest: { readonly source: number; readonly sequence: number } | undefined

  /** @param now ms @returns the events that this packet ends */
  receive(packet: Uint8Array, clockRate: number, now: number): DtmfEvent[] {
    const start = payloadStart(packet)
    if (payloadEnd(packet) - start < LENGTH) return []
    const code = packet[start]!
    const end = (packet[start + 1]! & 0x80) !== 0
    const time = timestamp(packet)
    const late = this.#isLate(packet)
    const begins = marker(packet) && !late && !end
    // Some senders' clocks stand still between two presses; then the marker alone tells the second one.
    if (begins) this.#finished = undefined
    if (time === this.#finished) return []
    if (late && time !== this.#current?.timestamp) return []
    const events: DtmfEvent[] = []
    if (this.#current && this.#current.timestamp !== time && !this.#goesOn(this.#current, code, packet)) {
      events.push(...this.#finish())
    }
    const press = (this.#current ??= { code, clockRate, timestamp: time, duration: 0, earlier: 0, at: now })
    press.duration = Math.max(press.duration, durationAt(packet, start))
    press.at = now
    if (end) events.push(...this.#finish())
    return events
  }

  /** Whether newer packets of the same source have come. Such a one is no new press. */
  #isLate(packet: Uint8Array): boolean {
    const newest = this.#newest
    const from = { source: source(packet), sequence: sequence(packet) }
    const behind = newest?.source === from.source ? sequenceDelta(newest.sequence, from.sequence) : 0
    const late = behind > 0 && behind <= MAX_MISORDER
    if (!late) this.#newest = from
    return late
  }

  /** The next segment begins where the one before ended, and has no marker. */
  #goesOn(press: Press, code: number, packet: Uint8Array): boolean {
    const time = timestamp(packet)
    if (press.code !== code || marker(packet)) return false
    if (timestampDelta(time, press.timestamp) !== press.duration) return false
    press.earlier += press.duration
    press.duration = 0
    press.timestamp = time
    return true
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
    const duration = ended.earlier + ended.duration
    return [{ digit, durationMs: Math.round((duration / ended.clockRate) * 1000) }]
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
