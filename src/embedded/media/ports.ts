import { MediaError } from './errors.js'

/** An even port for RTP; RTCP is on the odd one above it (RFC 3550 §11). */
export type PortPair = number

interface Resting {
  port: PortPair
  until: number
}

/**
 * The port pairs of a range. They are handed out in turn, and one that comes back rests: packets of the call
 * that had it are still on their way.
 */
export class PortPool {
  readonly #restMs: number
  readonly #now: () => number
  /** First in, first out, so ordered by `until`. */
  #idle: Resting[]
  #head = 0
  #used = 0

  /** @throws MediaError `bad-option` for a range without a pair */
  constructor(range: { min: number; max: number }, restMs: number, now: () => number) {
    const whole = Number.isInteger(range.min) && Number.isInteger(range.max)
    if (!whole || range.min < 1 || range.max > 65535)
      throw new MediaError('bad-option', 'ports lie in 1 to 65535')
    const first = range.min + (range.min % 2)
    const count = Math.max(0, Math.floor((range.max - first + 1) / 2))
    if (count === 0)
      throw new MediaError('bad-option', 'the port range holds no even port with the odd one above')
    this.#idle = Array.from({ length: count }, (_, index) => ({ port: first + 2 * index, until: -Infinity }))
    this.#restMs = restMs
    this.#now = now
  }

  get inUse(): number {
    return this.#used
  }

  /** Pairs not in use, the resting ones among them. */
  get free(): number {
    return this.#idle.length - this.#head
  }

  /** @throws MediaError `no-ports` */
  take(): PortPair {
    const next = this.#idle[this.#head]
    if (!next) throw new MediaError('no-ports', 'every port pair of the range is in use')
    if (next.until > this.#now())
      throw new MediaError('no-ports', 'every free port pair was released just now')
    this.#head += 1
    this.#used += 1
    this.#compact()
    return next.port
  }

  /** Takes back a pair that was never bound: it needs no rest. */
  putBack(port: PortPair): void {
    this.#used -= 1
    this.#idle.splice(this.#head, 0, { port, until: -Infinity })
  }

  release(port: PortPair): void {
    this.#used -= 1
    this.#idle.push({ port, until: this.#now() + this.#restMs })
  }

  #compact(): void {
    if (this.#head < 1024 || this.#head * 2 < this.#idle.length) return
    this.#idle = this.#idle.slice(this.#head)
    this.#head = 0
  }
}
