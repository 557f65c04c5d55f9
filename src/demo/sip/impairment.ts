import type { SipMessage } from './message.js'

export interface ImpairmentOptions {
  /** One way, in milliseconds. */
  readonly delayMs?: number
  /** Probabilities from 0 to 1. */
  readonly loss?: number
  readonly duplicate?: number
  /** A reordered message goes `reorderMs` later than it would have. */
  readonly reorder?: number
  readonly reorderMs?: number
  /** The same seed loses the same messages. */
  readonly seed?: number
}

interface Drop {
  left: number
  readonly matches: (message: SipMessage) => boolean
}

/** A small seeded generator (mulberry32's scheme), uniform in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What a bad network does to one direction of a peer. */
export class Impairment {
  #options: ImpairmentOptions
  #random: () => number
  readonly #drops: Drop[] = []

  constructor(options: ImpairmentOptions = {}) {
    this.#options = options
    this.#random = seededRandom(options.seed ?? 1)
  }

  /** Replaces the network from now on; drops that were asked for stay. */
  set(options: ImpairmentOptions): void {
    this.#options = options
    this.#random = seededRandom(options.seed ?? 1)
  }

  /** The first `count` messages that match are lost; Infinity loses all of them. */
  dropFirst(count: number, matches: (message: SipMessage) => boolean): void {
    this.#drops.push({ left: count, matches })
  }

  /** The delay in milliseconds of each copy that arrives: none where the message is lost. */
  copies(message: SipMessage): readonly number[] {
    const drop = this.#drops.find((d) => d.left > 0 && d.matches(message))
    if (drop !== undefined) {
      drop.left--
      return []
    }
    const { delayMs = 0, loss = 0, duplicate = 0, reorder = 0, reorderMs = 30 } = this.#options
    if (this.#chance(loss)) return []
    const delay = delayMs + (this.#chance(reorder) ? reorderMs : 0)
    return this.#chance(duplicate) ? [delay, delay] : [delay]
  }

  #chance(probability: number): boolean {
    return probability > 0 && this.#random() < probability
  }
}
