/** Of one run of traffic. Times in ms. */
export interface Figures {
  readonly sent: number
  readonly received: number
  /** From the sending of a packet to its arrival. */
  readonly delay: Quantiles
  /** By how much the time on the way differs from one packet of a stream to the next, either way (RFC 3393). */
  readonly variation: Quantiles
  /** The interarrival jitter of a stream, as its receiver reports it: the running mean of that (RFC 3550 §6.4.1). */
  readonly jitter: Quantiles
}

export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

type Samples = Float64Array<ArrayBuffer>

/** The most samples that are kept of a run; beyond that nothing is counted but their number. */
const MOST = 4_000_000

/** Times on the way, taken packet by packet. */
export class Measurements {
  readonly #last: Float64Array
  readonly #jitter: Float64Array
  #delays = new Float64Array(1 << 16)
  #variations = new Float64Array(1 << 16)
  #jitters = new Float64Array(1 << 16)
  #received = 0
  #differences = 0

  constructor(streams: number) {
    this.#last = new Float64Array(streams).fill(NaN)
    this.#jitter = new Float64Array(streams)
  }

  /** @param now ns @param sentAt ns */
  take(stream: number, now: number, sentAt: number): void {
    const ms = (now - sentAt) / 1e6
    if (this.#received < MOST) this.#delays = put(this.#delays, this.#received, ms)
    this.#received += 1
    const last = this.#last[stream] ?? NaN
    this.#last[stream] = ms
    if (Number.isNaN(last)) return
    const difference = Math.abs(ms - last)
    const before = this.#jitter[stream] ?? 0
    const jitter = before + (difference - before) / 16
    this.#jitter[stream] = jitter
    if (this.#differences < MOST) {
      this.#variations = put(this.#variations, this.#differences, difference)
      this.#jitters = put(this.#jitters, this.#differences, jitter)
    }
    this.#differences += 1
  }

  figures(sent: number): Figures {
    return {
      sent,
      received: this.#received,
      delay: quantiles(this.#delays.slice(0, Math.min(MOST, this.#received))),
      variation: quantiles(this.#variations.slice(0, Math.min(MOST, this.#differences))),
      jitter: quantiles(this.#jitters.slice(0, Math.min(MOST, this.#differences))),
    }
  }
}

function put(samples: Samples, at: number, value: number): Samples {
  let room = samples
  if (at >= room.length) {
    room = new Float64Array(room.length * 2)
    room.set(samples)
  }
  room[at] = value
  return room
}

function quantiles(samples: Samples): Quantiles {
  samples.sort()
  const at = (share: number): number =>
    samples[Math.min(samples.length - 1, Math.floor(share * samples.length))] ?? NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
