const HALF = 0x8000
const ROUND = 0x10000

/**
 * Counts how often the 16 bits of a source's sequence numbers have run over: the index that a packet is sealed under
 * has 48, of which 32 are not sent (RFC 3711 §3.3.1).
 */
export class Rollover {
  #highest: number | undefined

  /** The index that is nearest to the highest one; negative for what came before the first packet of all. */
  indexOf(sequence: number): number {
    const highest = this.#highest
    if (highest === undefined) return sequence
    const round = highest - (highest % ROUND)
    const near = round + sequence
    if (near - highest > HALF) return near - ROUND
    return highest - near > HALF ? near + ROUND : near
  }

  /** To be called for what has been proven genuine, and only for that. */
  advance(index: number): void {
    if (this.#highest === undefined || index > this.#highest) this.#highest = index
  }
}
