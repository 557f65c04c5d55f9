import type { ClientAddress, Numbered } from '../../ports/client-messages.js'
import type { Clock } from '../../ports/clock.js'

interface Offer {
  readonly seq: number
  taken(): void
}

/** Messages of this node whose receipt is waited for, whichever node the channel is on. */
export class Offers {
  readonly #waiting = new Map<string, Set<Offer>>()

  constructor(private readonly clock: Clock) {}

  /** Resolves with true as soon as one of them has arrived, and with false where none did within `ms`. */
  wait(offered: readonly Numbered[], ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (taken: boolean): void => {
        stop()
        for (const end of ends) end()
        resolve(taken)
      }
      const stop = this.clock.after(ms, () => done(false))
      const ends = offered.map(({ to, seq }) => this.#add(keyOf(to), { seq, taken: () => done(true) }))
    })
  }

  acknowledged(by: ClientAddress, upTo: number): void {
    for (const offer of [...(this.#waiting.get(keyOf(by)) ?? [])]) if (offer.seq <= upTo) offer.taken()
  }

  #add(key: string, offer: Offer): () => void {
    const offers = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, offers.add(offer))
    return () => {
      offers.delete(offer)
      if (offers.size === 0 && this.#waiting.get(key) === offers) this.#waiting.delete(key)
    }
  }
}

/** One text for one client. */
export function keyOf({ client, device }: ClientAddress): string {
  return JSON.stringify([client, device])
}
