import { MediaError } from './errors.js'
import type { PairSockets } from './sockets.js'

/** An even port for RTP; RTCP is on the odd one above it (RFC 3550 §11). */
export interface PortPair {
  readonly port: number
  /** Bound, by the call before or for the present one. */
  sockets: PairSockets | undefined
}

interface Resting {
  pair: PortPair
  until: number
  /** It has rested, and something came all the while. */
  strayed?: true
}

/** Pairs that keep their sockets between calls: enough for 1000 calls a second, at some 10 kB a pair. */
const KEPT = 1024

/**
 * The port pairs of a range. One that comes back rests: packets of the call that had it are still on their way, and a
 * peer that was not told of its end goes on sending. Where its sockets are kept they hear such strays, and the pair
 * rests until there was none for as long as it has to, or until it is needed: who sends to every port must not be able to keep
 * calls from them. Without sockets nothing is known of strays, and time alone must do.
 */
export class PortPool {
  readonly #restMs: number
  readonly #now: () => number
  /** Without sockets; as `#bound`, first in, first out, and ordered by `until`. */
  readonly #idle = new Queue()
  readonly #bound = new Queue()
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
    for (let index = 0; index < count; index += 1) {
      this.#idle.push({ pair: { port: first + 2 * index, sockets: undefined }, until: -Infinity })
    }
    this.#restMs = restMs
    this.#now = now
  }

  get inUse(): number {
    return this.#used
  }

  /** Pairs not in use, the resting ones among them. */
  get free(): number {
    return this.#idle.length + this.#bound.length
  }

  /**
   * @param needed also one that hears strays, where there is no other
   * @throws MediaError `no-ports`
   */
  take(needed = false): PortPair {
    const now = this.#now()
    this.#letRest(now)
    for (const queue of [this.#bound, this.#idle]) {
      const next = queue.first
      if (!next || next.until > now) continue
      queue.shift()
      this.#used += 1
      return next.pair
    }
    const strayed = needed ? this.#bound.find((resting) => resting.strayed === true) : undefined
    if (strayed) {
      this.#used += 1
      return strayed.pair
    }
    if (this.free === 0) throw new MediaError('no-ports', 'every port pair of the range is in use')
    throw new MediaError('no-ports', 'every free port pair was released just now')
  }

  /** Whoever was sent something a moment ago rests anew. */
  #letRest(now: number): void {
    for (let left = this.#bound.length; left > 0; left -= 1) {
      const next = this.#bound.first
      if (!next || next.until > now || next.pair.sockets === undefined) return
      if (next.pair.sockets.strayedAt + this.#restMs <= now) return
      this.#bound.shift()
      this.#bound.push({ pair: next.pair, until: now + this.#restMs, strayed: true })
    }
  }

  /** Takes back a pair. Resolves once its sockets are closed, where it does not keep them. */
  async release(pair: PortPair): Promise<void> {
    const { sockets } = pair
    if (sockets && this.#bound.length < KEPT) {
      this.#used -= 1
      this.#bound.push({ pair, until: this.#now() + this.#restMs })
      return
    }
    pair.sockets = undefined
    await sockets?.close()
    this.#used -= 1
    this.#idle.push({ pair, until: this.#now() + this.#restMs })
  }

  /** Closes the sockets of pairs that are not in use. */
  async close(): Promise<void> {
    const closing: Promise<void>[] = []
    for (let next = this.#bound.shift(); next; next = this.#bound.shift()) {
      const { pair } = next
      if (pair.sockets) closing.push(pair.sockets.close())
      pair.sockets = undefined
      this.#idle.push(next)
    }
    await Promise.all(closing)
  }
}

/** First in, first out, without moving what is in it. */
class Queue {
  #items: Resting[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  get first(): Resting | undefined {
    return this.#items[this.#head]
  }

  push(item: Resting): void {
    this.#items.push(item)
  }

  /** Takes out the first that is so. */
  find(is: (item: Resting) => boolean): Resting | undefined {
    const at = this.#items.findIndex((item, index) => index >= this.#head && is(item))
    return at < 0 ? undefined : this.#items.splice(at, 1)[0]
  }

  shift(): Resting | undefined {
    const first = this.#items[this.#head]
    if (first === undefined) return undefined
    this.#head += 1
    if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return first
  }
}
