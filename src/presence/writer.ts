import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { PresenceChange, PresenceRow, PresenceStore } from '../ports/presence.js'

export interface WriterOptions {
  readonly store: Pick<PresenceStore, 'changePresence'>
  readonly clock: Clock
  readonly log: Log
  readonly batchMs: number
  /** Is told of what was written. */
  written(rows: readonly PresenceRow[]): void
}

interface Pending {
  change: PresenceChange
  /** Those who wait for it to be written. */
  readonly waiting: Waiting[]
}

interface Waiting {
  readonly resolve: (version: number) => void
  readonly reject: (error: unknown) => void
}

/**
 * Writes what changes in batches, each one statement: of what one user sets within a batch, the last counts. What
 * nobody waits for (who is present, and in a call) is tried again with the next batch where it cannot be written.
 */
export class Writer {
  #pending = new Map<string, Pending>()
  #busy = false
  #closed = false
  #work: Promise<void> = Promise.resolve()
  #stopTimer: () => void = () => undefined

  constructor(private readonly options: WriterOptions) {}

  /** Resolves when it is written, with its version. Rejects with StoreUnavailable. */
  write(change: PresenceChange): Promise<number> {
    return new Promise((resolve, reject) => this.#add(change, [{ resolve, reject }]))
  }

  /** Written some time. */
  note(change: PresenceChange): void {
    this.#add(change, [])
  }

  /** Writes what is left; resolves when that is done, or cannot be. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stopTimer()
    await this.#work
    await this.#flush()
  }

  /** What could not be written is tried again. */
  retry(): void {
    if (this.#pending.size > 0) this.#schedule()
  }

  #add(change: PresenceChange, waiting: readonly Waiting[]): void {
    const known = this.#pending.get(change.user)
    if (known === undefined) this.#pending.set(change.user, { change, waiting: [...waiting] })
    else {
      known.change = merged(known.change, change)
      known.waiting.push(...waiting)
    }
    this.#schedule()
  }

  #schedule(): void {
    if (this.#busy || this.#closed) return
    this.#busy = true
    this.#stopTimer = this.options.clock.after(this.options.batchMs, () => {
      this.#work = this.#flush().then((written) => {
        this.#busy = false
        // What is left of a batch that failed waits for the next word, or for `retry`.
        const awaited = [...this.#pending.values()].some(({ waiting }) => waiting.length > 0)
        if (awaited || (written && this.#pending.size > 0)) this.#schedule()
      })
    })
  }

  /** False where it failed; never rejects. */
  async #flush(): Promise<boolean> {
    const batch = this.#pending
    if (batch.size === 0) return true
    this.#pending = new Map()
    const { store, clock, log } = this.options
    try {
      const changes = [...batch.values()].map(({ change }) => change)
      const rows = await store.changePresence(changes, clock.now())
      this.options.written(rows)
      const versions = new Map(rows.map(({ user, version }) => [user, version]))
      for (const [user, { waiting }] of batch) {
        // What was set has a version, always.
        for (const { resolve } of waiting) resolve(versions.get(user) ?? 0)
      }
      return true
    } catch (error) {
      log.warn({ err: error, users: batch.size }, 'presence could not be written')
      for (const { waiting } of batch.values()) for (const { reject } of waiting) reject(error)
      this.#keep(batch)
      return false
    }
  }

  /** What was refused to somebody is not to come true later. */
  #keep(batch: ReadonlyMap<string, Pending>): void {
    for (const [user, { change }] of batch) {
      const { presentUntil, inCall } = change
      if (presentUntil === undefined && inCall === undefined) continue
      const rest: PresenceChange = {
        user,
        ...(presentUntil === undefined ? {} : { presentUntil }),
        ...(inCall === undefined ? {} : { inCall }),
      }
      const later = this.#pending.get(user)
      if (later === undefined) this.#pending.set(user, { change: rest, waiting: [] })
      else later.change = merged(rest, later.change)
    }
  }
}

function merged(before: PresenceChange, after: PresenceChange): PresenceChange {
  const presentUntil = Math.max(before.presentUntil ?? 0, after.presentUntil ?? 0)
  return { ...before, ...after, ...(presentUntil === 0 ? {} : { presentUntil }) }
}
