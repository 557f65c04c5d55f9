import {
  HEADER,
  marker,
  sequence,
  sequenceDelta,
  source,
  timestamp,
  timestampDelta,
  writeHeader,
} from './packet.js'

/** Samples of a 20 ms frame at 8000 Hz. */
const FRAME = 160
/** A jump beyond this is a source that began anew (RFC 3550 A.1, MAX_DROPOUT). */
const MAX_DROPOUT = 3000
/** The least time, in s, between the last packet of one source and the first of the next. */
const SWITCH_GAP = 0.02

/** How far, in s, a source's clock may stray from ours between two packets and still be the same clock. */
const CLOCK_TOLERANCE = 2
/** In s: an event's timestamp is that of its beginning, and lags the voice by as much. */
const LONGEST_EVENT = 60

interface Offsets {
  source: number
  clockRate: number
  sequence: number
  timestamp: number
  highest: number
  lastTimestamp: number
  /** ms, of `lastTimestamp`. */
  lastAt: number
  /** How far `highest` is past the first packet of the source. */
  span: number
}

/**
 * The one stream that a peer hears from us: one SSRC, an unbroken sequence and a clock that only goes forward,
 * whatever feeds it. The first packet of a new feed carries the marker (RFC 3551 §4.1).
 *
 * Two feeds: frames of our own, and packets of a joined peer, whose sequence and timestamps are shifted so that
 * its losses and pauses stay visible. `interrupt()` ends either.
 */
export class OutputStream {
  readonly ssrc: number
  packets = 0
  /** Payload octets, as a sender report counts them (RFC 3550 §6.4.1). */
  octets = 0
  #sequence: number
  #timestamp: number
  #at = 0
  #feed: 'none' | 'frames' | Offsets = 'none'

  /** @param random 32 random bits a call @param ssrc where that was told the peer already */
  constructor(random: () => number, ssrc = random()) {
    this.ssrc = ssrc >>> 0
    // The first one sent is the next: below 2^15, or whoever misses it may count the rounds wrong (RFC 3711 §3.3.1).
    this.#sequence = (random() >>> 0) % 0x7fff
    this.#timestamp = random() >>> 0
  }

  /** The next packet resumes: a gap in time, none in sequence. */
  interrupt(): void {
    this.#feed = 'none'
  }

  get lastTimestamp(): number {
    return this.#timestamp
  }

  /** The shift of the present feed, for translating reports about it. */
  get offsets(): Readonly<Offsets> | undefined {
    return typeof this.#feed === 'string' ? undefined : this.#feed
  }

  /** When, in ms of the engine's clock, `lastTimestamp` was sent. */
  get lastSentAt(): number {
    return this.#at
  }

  /**
   * Writes the header of the next 20 ms frame of our own into `packet`, whose payload is there already.
   * @param advance frames since the last one; above 1 where some were skipped
   */
  frame(packet: Uint8Array, payloadType: number, advance: number, now: number): void {
    const resumed = this.#feed !== 'frames'
    const at = resumed ? this.#resume(8000, now) : (this.#timestamp + advance * FRAME) >>> 0
    this.#feed = 'frames'
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.#sent(at, now, packet.length - HEADER)
    packet[0] = 0x80
    writeHeader(packet, {
      payloadType,
      marker: resumed || advance > 1,
      sequence: this.#sequence,
      timestamp: at,
      source: this.ssrc,
    })
  }

  /**
   * Rewrites a joined peer's packet in place.
   * @param steady false for telephone-events, whose timestamp stands still and lags (RFC 4733 §2.2)
   * @returns false for one that would repeat a number: a duplicate, or one older than the feed
   */
  relay(packet: Uint8Array, payloadType: number, clockRate: number, steady: boolean, now: number): boolean {
    const number = sequence(packet)
    const time = timestamp(packet)
    let feed = this.#feed
    const resumed = typeof feed === 'string' || isNewSource(feed, packet, clockRate, steady, now)
    if (typeof feed === 'string' || resumed) feed = this.#beginRelay(packet, clockRate, now)
    const delta = sequenceDelta(number, feed.highest)
    if (-delta > feed.span || (delta === 0 && !resumed)) return false
    if (delta > 0) {
      feed.highest = number
      feed.span += delta
      if (steady) {
        feed.lastTimestamp = time
        feed.lastAt = now
      }
    }
    const out = {
      payloadType,
      marker: resumed || marker(packet),
      sequence: (number + feed.sequence) & 0xffff,
      timestamp: (time + feed.timestamp) >>> 0,
      source: this.ssrc,
    }
    if (sequenceDelta(out.sequence, this.#sequence) > 0) this.#sequence = out.sequence
    this.#sent(out.timestamp, now, packet.length - HEADER)
    writeHeader(packet, out)
    return true
  }

  /** A packet of the feed that is not passed on: closes the hole that it would leave. */
  skip(packet: Uint8Array): void {
    const feed = this.#feed
    if (typeof feed === 'string' || feed.source !== source(packet)) return
    if (sequence(packet) !== ((feed.highest + 1) & 0xffff)) return
    feed.highest = sequence(packet)
    feed.sequence -= 1
    // Nothing older may be passed on now: its number would be that of a packet already sent.
    feed.span = 0
  }

  #beginRelay(packet: Uint8Array, clockRate: number, now: number): Offsets {
    const next = (this.#sequence + 1) & 0xffff
    const feed = {
      source: source(packet),
      clockRate,
      sequence: next - sequence(packet),
      timestamp: timestampDelta(this.#resume(clockRate, now), timestamp(packet)),
      highest: sequence(packet),
      lastTimestamp: timestamp(packet),
      lastAt: now,
      span: 0,
    }
    this.#feed = feed
    return feed
  }

  #resume(clockRate: number, now: number): number {
    if (this.packets === 0) return this.#timestamp
    const seconds = Math.max(SWITCH_GAP, (now - this.#at) / 1000)
    return (this.#timestamp + Math.round(seconds * clockRate)) >>> 0
  }

  #sent(at: number, now: number, octets: number): void {
    this.packets += 1
    this.octets += octets
    if (at !== this.#timestamp && (this.packets === 1 || timestampDelta(at, this.#timestamp) > 0)) {
      this.#timestamp = at
      this.#at = now
    } else if (this.packets === 1) this.#at = now
  }
}

function isNewSource(
  feed: Offsets,
  packet: Uint8Array,
  clockRate: number,
  steady: boolean,
  now: number,
): boolean {
  if (feed.source !== source(packet) || feed.clockRate !== clockRate) return true
  const delta = sequenceDelta(sequence(packet), feed.highest)
  if (Math.abs(delta) > MAX_DROPOUT) return true
  if (delta <= 0) return false
  // A sender whose clock jumped without a new SSRC: passed on, a player would wait for the time in between.
  const jump = timestampDelta(timestamp(packet), feed.lastTimestamp) / clockRate
  return (
    jump < -(steady ? CLOCK_TOLERANCE : LONGEST_EVENT) || jump > (now - feed.lastAt) / 1000 + CLOCK_TOLERANCE
  )
}
