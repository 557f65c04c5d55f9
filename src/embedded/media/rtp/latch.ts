export interface Source {
  address: string
  port: number
}

/**
 * Symmetric RTP, limited: the first source of a valid packet is the peer, and nobody else until the session is
 * negotiated anew. Phones behind a NAT send from another address than they write into their description.
 *
 *   open --first valid packet--> held --reopen()--> open
 */
export class SourceLatch {
  readonly #proven: boolean
  #held: Source | undefined
  #stale: Source | undefined
  #staleLeft = 0
  #shunned: Source | undefined

  /** @param proven nothing comes but from the peer, wherever it is: whoever sent last is held */
  constructor(proven = false) {
    this.#proven = proven
  }

  get source(): Source | undefined {
    return this.#held
  }

  accepts(address: string, port: number): boolean {
    const held = this.#held
    if (held?.port === port && held.address === address) return true
    if (held && !this.#proven) return false
    const shunned = this.#shunned
    if (shunned?.port === port && shunned.address === address) return false
    const stale = this.#stale
    if (stale && this.#staleLeft > 0 && stale.port === port && stale.address === address) {
      this.#staleLeft -= 1
      return false
    }
    this.#held = { address, port }
    this.#stale = undefined
    return true
  }

  /** A source that is not the peer, whatever it sends. */
  shun(source: Source | undefined): void {
    this.#shunned = source
  }

  /**
   * Learns again. Where the peer named a new address, what is still on its way from the old one must not be
   * learnt: `distrust` packets of the former source are refused, after which it is as good as any.
   */
  reopen(distrust = 0): void {
    this.#stale = this.#held ?? this.#stale
    this.#staleLeft = distrust
    this.#held = undefined
  }
}
