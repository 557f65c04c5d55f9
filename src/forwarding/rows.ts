import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { PrimaryCallRecord, PrimaryCallStore } from '../ports/primary-calls.js'

/** After a failure the database is left alone for so long, ms. */
const PAUSE_MS = 1000
/** Calls whose rows may wait; of more, the oldest are not kept. */
const MOST_WAITING = 10_000

export interface RowsDeps {
  readonly store: Pick<PrimaryCallStore, 'savePrimaryCalls'>
  readonly clock: Clock
  readonly log: Log
}

/** Writes rows behind the calls, in batches: of each call its last state, so that no call waits for the database. */
export class PrimaryRows {
  readonly #waiting = new Map<string, PrimaryCallRecord>()
  #writing: Promise<void> | undefined
  #stopPause: () => void = () => undefined
  #closed = false

  constructor(private readonly deps: RowsDeps) {}

  save(record: PrimaryCallRecord): void {
    this.#waiting.delete(record.id)
    this.#waiting.set(record.id, record)
    for (const id of this.#waiting.keys()) {
      if (this.#waiting.size <= MOST_WAITING) break
      this.#waiting.delete(id)
      this.deps.log.error({ primaryCall: id }, 'the row of a primary call is lost')
    }
    this.#write()
  }

  /** What is not written yet, the store does not know. */
  unwritten(id: string): PrimaryCallRecord | undefined {
    return this.#waiting.get(id)
  }

  /** Writes what waits, once more at most. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stopPause()
    await this.#writing
    if (this.#waiting.size > 0) await this.#batch()
  }

  #write(): void {
    if (this.#writing !== undefined || this.#closed) return
    this.#writing = this.#run().finally(() => (this.#writing = undefined))
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0) {
      if (await this.#batch()) continue
      if (this.#closed) return
      await new Promise<void>((resolve) => {
        const stop = this.deps.clock.after(PAUSE_MS, resolve)
        this.#stopPause = () => {
          stop()
          resolve()
        }
      })
    }
  }

  async #batch(): Promise<boolean> {
    const records = [...this.#waiting.values()]
    try {
      await this.deps.store.savePrimaryCalls(records)
      for (const record of records) {
        // What has changed meanwhile is written again.
        if (this.#waiting.get(record.id) === record) this.#waiting.delete(record.id)
      }
      return true
    } catch (error) {
      this.deps.log.warn({ err: error }, 'rows of primary calls could not be written')
      return false
    }
  }
}
