import { sequenceDelta, timestampDelta } from './packet.js'

const MAX_DROPOUT = 3000

export interface ReportBlock {
  source: number
  /** In 1/256. */
  fractionLost: number
  lost: number
  highest: number
  jitter: number
}

/** What is known of a received stream from its headers (RFC 3550 §6.4.1, A.3, A.8). */
export class ReceptionStats {
  #source: number | undefined
  #base = 0
  #highest = 0
  #cycles = 0
  #received = 0
  #lostBefore = 0
  #jitter = 0
  #transit: number | undefined
  #clockRate = 8000
  #reported = { expected: 0, received: 0 }

  get source(): number | undefined {
    return this.#source
  }

  get cycles(): number {
    return this.#cycles
  }

  get lost(): number {
    return this.#lostBefore + Math.max(0, this.#expected() - this.#received)
  }

  get jitterMs(): number {
    return (this.#jitter / this.#clockRate) * 1000
  }

  /** @param now ms @param clockRate 0 for packets whose timestamp is no sampling time */
  record(source: number, sequence: number, timestamp: number, clockRate: number, now: number): void {
    const delta = sequenceDelta(sequence, this.#highest)
    if (source !== this.#source || Math.abs(delta) > MAX_DROPOUT) this.#restart(source, sequence)
    else if (delta > 0) {
      if (sequence < this.#highest) this.#cycles += 0x10000
      this.#highest = sequence
    }
    this.#received += 1
    if (clockRate > 0) this.#measure(timestamp, clockRate, now)
  }

  /** The report block since the last one; undefined before anything came in. */
  report(): ReportBlock | undefined {
    if (this.#source === undefined) return undefined
    const expected = this.#expected()
    const expectedNow = expected - this.#reported.expected
    const lostNow = expectedNow - (this.#received - this.#reported.received)
    this.#reported = { expected, received: this.#received }
    return {
      source: this.#source,
      fractionLost:
        expectedNow > 0 && lostNow > 0 ? Math.min(255, Math.floor((lostNow * 256) / expectedNow)) : 0,
      lost: Math.min(0x7fffff, Math.max(0, expected - this.#received)),
      highest: (this.#cycles + this.#highest) >>> 0,
      jitter: Math.floor(this.#jitter),
    }
  }

  #expected(): number {
    return this.#source === undefined ? 0 : this.#cycles + this.#highest - this.#base + 1
  }

  #restart(source: number, sequence: number): void {
    this.#lostBefore = this.lost
    this.#source = source
    this.#base = sequence
    this.#highest = sequence
    this.#cycles = 0
    this.#received = 0
    this.#transit = undefined
    this.#reported = { expected: 0, received: 0 }
  }

  #measure(timestamp: number, clockRate: number, now: number): void {
    if (clockRate !== this.#clockRate) {
      this.#clockRate = clockRate
      this.#transit = undefined
      this.#jitter = 0
    }
    const transit = (Math.round((now * clockRate) / 1000) - timestamp) | 0
    if (this.#transit !== undefined) {
      const difference = Math.abs(timestampDelta(transit, this.#transit))
      this.#jitter += (difference - this.#jitter) / 16
    }
    this.#transit = transit
  }
}
