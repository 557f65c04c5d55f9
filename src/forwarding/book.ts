import type { Clock } from '../ports/clock.js'
import type { OpenPrimaryCall, PrimaryCallRecord } from '../ports/primary-calls.js'
import type { PrimaryRows } from './rows.js'

/** How long a call that is over is known without the database, µs. */
const KEEP_US = 60_000_000

interface Entry {
  record: PrimaryCallRecord
  readonly waiting: Set<() => void>
}

/** The primary calls of this node, and whoever waits for news of one. */
export class PrimaryCallBook {
  readonly #entries = new Map<string, Entry>()
  /** Over, in the order of their ends. */
  readonly #over = new Set<string>()

  constructor(
    private readonly rows: Pick<PrimaryRows, 'save'>,
    private readonly clock: Clock,
  ) {}

  add(record: PrimaryCallRecord): void {
    this.#forget()
    this.#entries.set(record.id, { record, waiting: new Set() })
    this.rows.save(record)
  }

  find(id: string): PrimaryCallRecord | undefined {
    return this.#entries.get(id)?.record
  }

  /** Undefined where the call is not of this node. */
  change(id: string, news: Partial<PrimaryCallRecord>): PrimaryCallRecord | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    entry.record = { ...entry.record, ...news }
    this.rows.save(entry.record)
    if (entry.record.endedAt !== null) this.#over.add(id)
    const isNews = news.instructedAt !== undefined || news.endedAt !== undefined
    if (isNews) for (const wake of [...entry.waiting]) wake()
    return entry.record
  }

  /** Calls that are not over. */
  live(): readonly PrimaryCallRecord[] {
    return [...this.#entries.values()].map(({ record }) => record).filter(({ endedAt }) => endedAt === null)
  }

  /** Those of them whose INVITE may come. */
  open(): readonly OpenPrimaryCall[] {
    return this.live().map(({ id, subscriber, caller, reportedAt, instructedAt, forwardedAt, test }) => ({
      ...{ id, subscriber, caller, reportedAt, instructedAt, test },
      forwarded: forwardedAt !== null,
    }))
  }

  /** Resolves with an instruction, with the end of the call, after `ms`, or at `signal`. */
  news(id: string, ms: number, signal: AbortSignal): Promise<void> {
    const waiting = this.#entries.get(id)?.waiting
    if (waiting === undefined || signal.aborted || ms <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        stop()
        waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const stop = this.clock.after(ms, done)
      waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }

  /** Everybody who waits gets what there is. */
  close(): void {
    for (const { waiting } of this.#entries.values()) for (const wake of [...waiting]) wake()
  }

  #forget(): void {
    const before = this.clock.now() - KEEP_US
    for (const id of this.#over) {
      if ((this.find(id)?.endedAt ?? 0) > before) return
      this.#over.delete(id)
      this.#entries.delete(id)
    }
  }
}
