import type { BackingStore, TokenUse } from '../../ports/backing-store.js'
import { useKey } from './pending.js'

/** What tokens were used for: all of it in memory, read when it is first asked for. */
export class ResidentUses {
  #uses = new Map<string, TokenUse>()
  #reading: Promise<void> | null = null

  constructor(private readonly backing: Pick<BackingStore, 'tokenUses'>) {}

  /** Resolves when they are in memory. Rejects with StoreUnavailable; they are read when asked for again. */
  ready(): Promise<void> {
    this.#reading ??= this.backing.tokenUses().then(
      (uses) => {
        for (const use of uses) this.#uses.set(useKey(use.jti, use.purpose), use)
      },
      (error: unknown) => {
        this.#reading = null
        throw error
      },
    )
    return this.#reading
  }

  get(key: string): TokenUse | undefined {
    return this.#uses.get(key)
  }

  set(key: string, use: TokenUse): void {
    this.#uses.set(key, use)
  }

  drop(now: number): void {
    for (const [key, { expiresAt }] of this.#uses) if (expiresAt <= now) this.#uses.delete(key)
  }
}
