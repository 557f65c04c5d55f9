import type { RtpPacket } from './packet.js'

/** What a receiver can say of a stream's order. */
export interface ContinuityReport {
  readonly packets: number
  /** Numbers that never came, as far as the stream went. */
  readonly lost: number
  readonly duplicates: number
  readonly reordered: number
  /** How often the SSRC changed: 0 for one steady source. */
  readonly ssrcChanges: number
  /** Audio packets whose timestamp did not step with their sequence number, though no marker announced it. */
  readonly timestampJumps: number
}

/** Follows the sequence numbers and timestamps of one receiving side (RFC 3550 §A.1, simplified). */
export class Continuity {
  #packets = 0
  #duplicates = 0
  #reordered = 0
  #ssrcChanges = 0
  #timestampJumps = 0
  #expected = 0
  #last: RtpPacket | undefined
  #lastAudio: RtpPacket | undefined
  #seen = new Set<number>()

  /** `stepOf`: the timestamp units of 20 ms; undefined where the packet is not audio. */
  receive(packet: RtpPacket, step: number | undefined): void {
    this.#packets++
    if (this.#last === undefined || this.#last.ssrc !== packet.ssrc) return this.#newSource(packet, step)
    const ahead = (packet.sequence - this.#last.sequence) & 0xffff
    if (this.#seen.has(packet.sequence)) this.#duplicates++
    else if (ahead >= 0x8000) this.#reordered++
    else this.#advance(packet, ahead, step)
    this.#remember(packet.sequence)
  }

  get report(): ContinuityReport {
    return {
      packets: this.#packets,
      lost: Math.max(0, this.#expected - (this.#packets - this.#duplicates)),
      duplicates: this.#duplicates,
      reordered: this.#reordered,
      ssrcChanges: this.#ssrcChanges,
      timestampJumps: this.#timestampJumps,
    }
  }

  #newSource(packet: RtpPacket, step: number | undefined): void {
    if (this.#last !== undefined) this.#ssrcChanges++
    this.#expected++
    this.#last = packet
    this.#lastAudio = step === undefined ? undefined : packet
    this.#seen = new Set([packet.sequence])
  }

  #advance(packet: RtpPacket, ahead: number, step: number | undefined): void {
    this.#expected += ahead
    this.#last = packet
    if (step === undefined) return
    const before = this.#lastAudio
    if (before !== undefined && !packet.marker) {
      const frames = (packet.sequence - before.sequence) & 0xffff
      // Telephone events take numbers but share a timestamp: only neighbours tell.
      if (frames === 1 && (packet.timestamp - before.timestamp) >>> 0 !== step) this.#timestampJumps++
    }
    this.#lastAudio = packet
  }

  #remember(sequence: number): void {
    this.#seen.add(sequence)
    if (this.#seen.size <= 64) return
    const [oldest] = this.#seen
    if (oldest !== undefined) this.#seen.delete(oldest)
  }
}
