import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { PresenceFacts, PresenceStore } from '../ports/presence.js'

export interface ReadsOptions {
  readonly store: Pick<PresenceStore, 'presenceOf'>
  readonly clock: Clock
  readonly log: Log
  /** How long those who are to be read are gathered, in milliseconds. */
  readonly batchMs: number
  readonly page: number
  readonly learned: (facts: PresenceFacts) => void
}

/**
 * Reads many users at once. Who is named while being read is read once more: what was read may be older than the reason
 * to look.
 */
export class Reads {
  #waiting = new Set<string>()
  #busy = false
  #closed = false
  #failed = false
  #stopTimer: () => void = () => undefined

  constructor(private readonly options: ReadsOptions) {}

  /** They are read soon; those that cannot be read then, at `retry`. */
  later(users: readonly string[]): void {
    for (const user of users) this.#waiting.add(user)
    if (this.#waiting.size === 0 || this.#busy || this.#closed) return
    this.#busy = true
    this.#stopTimer = this.options.clock.after(this.options.batchMs, () => void this.#readAll())
  }

  /** Reads them now. Rejects with StoreUnavailable. */
  async now(users: readonly string[]): Promise<void> {
    const { store, clock, page, learned } = this.options
    for (let at = 0; at < users.length; at += page) {
      const facts = await store.presenceOf(users.slice(at, at + page), clock.now())
      if (!this.#closed) facts.forEach(learned)
    }
  }

  retry(): void {
    this.later([])
  }

  close(): void {
    this.#closed = true
    this.#stopTimer()
  }

  /** Never rejects. */
  async #readAll(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#closed) {
      const users = [...this.#waiting].slice(0, this.options.page)
      for (const user of users) this.#waiting.delete(user)
      try {
        await this.now(users)
        this.#failed = false
      } catch (error) {
        for (const user of users) this.#waiting.add(user)
        if (!this.#failed)
          this.options.log.warn({ err: error, users: users.length }, 'presence could not be read')
        this.#failed = true
        break
      }
    }
    this.#busy = false
  }
}
