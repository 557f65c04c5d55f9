import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import { StoreUnavailable } from '../ports/store.js'
import type { CallEventRecord, CallRecord, CallStore } from '../ports/store.js'
import { createBacklog } from './backlog.js'
import type { Backlog, Batch, Lost } from './backlog.js'

export interface JournalLimits {
  /** How long a row waits for others to be written with it, in milliseconds. */
  readonly flushMs: number
  /** Rows that go to the store at once; so many that wait are written without delay. */
  readonly batchRows: number
  /** Rows that may wait while the store is away; see {@link createBacklog} for what goes when they are more. */
  readonly maxPending: number
  /** Pause after a store that was away, doubled each time up to the second figure; in milliseconds. */
  readonly retryMs: readonly [first: number, longest: number]
}

const DEFAULTS: JournalLimits = { flushMs: 500, batchRows: 2000, maxPending: 100_000, retryMs: [200, 5000] }

/** Writes calls and their events behind the calls, in batches. */
export interface Journal {
  /** Never throws, never waits. */
  record(event: CallEventRecord): void
  /** The latest state of a call. Never throws, never waits. */
  save(call: CallRecord): void
  /** Resolves when nothing waits any more. Rejects with StoreUnavailable; the rows then wait on. */
  flush(): Promise<void>
  /** Takes nothing more, and gives what waits `withinMs` to be written; resolves to the number of rows that were not. */
  close(withinMs?: number): Promise<number>
  /** Rows that wait or are being written. */
  pending(): number
  /** Rows that were lost since the start. */
  lost(): Lost
}

export interface JournalOptions {
  readonly store: Pick<CallStore, 'saveCalls'>
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<JournalLimits>
}

export function createJournal(options: JournalOptions): Journal {
  return new BatchingJournal(options, { ...DEFAULTS, ...options.limits })
}

const NOTHING: Batch = { calls: [], events: [] }

/**
 * ```
 *         a row                 flushMs, or batchRows wait
 *  idle --------> scheduled ----------------------------> writing
 *   ^              ^    ^  written, and more waits         |  |  |
 *   |              |    +----------------------------------+  |  |
 *   |              +------------------------------------------+  |
 *   |                 the store is away: after a pause           |
 *   +------------------------------------------------------------+
 *                     written, and nothing waits
 * ```
 */
class BatchingJournal implements Journal {
  readonly #store: Pick<CallStore, 'saveCalls'>
  readonly #clock: Clock
  readonly #log: Log
  readonly #limits: JournalLimits
  readonly #backlog: Backlog
  /** Being written, or to be written again as it is: the store takes a batch twice. */
  #batch = NOTHING
  /** The turns of writing, one after the other; null while none is under way. */
  #turn: Promise<StoreUnavailable | null> | null = null
  #stopTimer: (() => void) | null = null
  #failures = 0
  #stage: 'open' | 'closing' | 'closed' = 'open'
  #onEmpty: () => void = () => undefined
  #lost: Lost = { calls: 0, events: 0 }
  /** Rows that overflowed since the log last said so. */
  #overflowed = 0

  constructor({ store, clock, log }: JournalOptions, limits: JournalLimits) {
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#limits = limits
    this.#backlog = createBacklog(limits.maxPending)
  }

  record(event: CallEventRecord): void {
    if (this.#stage !== 'open') return this.#refuse({ calls: 0, events: 1 })
    this.#overflow(this.#backlog.addEvent(event))
    this.#arm()
  }

  save(call: CallRecord): void {
    if (this.#stage !== 'open') return this.#refuse({ calls: 1, events: 0 })
    this.#overflow(this.#backlog.addCall(call))
    this.#arm()
  }

  async flush(): Promise<void> {
    const failure = await this.#write('everything')
    if (failure !== null) throw failure
  }

  async close(withinMs = 5000): Promise<number> {
    this.#stage = 'closing'
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve))
    let stop: () => void = () => undefined
    const deadline = new Promise<void>((resolve) => (stop = this.#clock.after(withinMs, resolve)))
    void this.#write('everything')
    await Promise.race([empty, deadline])
    stop()
    this.#stage = 'closed'
    this.#disarm()
    const unwritten = this.pending()
    if (unwritten > 0) this.#log.error({ rows: unwritten }, 'rows of calls were still unwritten at the end')
    return unwritten
  }

  pending(): number {
    return this.#backlog.size() + rowsOf(this.#batch)
  }

  lost(): Lost {
    return this.#lost
  }

  /** Sees to it that what waits is written some time. */
  #arm(): void {
    if (this.#turn !== null || this.#stage === 'closed' || this.pending() === 0) return
    if (this.#failures === 0 && this.#backlog.size() >= this.#limits.batchRows) {
      void this.#write('a batch')
      return
    }
    this.#stopTimer ??= this.#clock.after(this.#pause(), () => {
      this.#stopTimer = null
      void this.#write('a batch')
    })
  }

  #disarm(): void {
    this.#stopTimer?.()
    this.#stopTimer = null
  }

  #pause(): number {
    const [first, longest] = this.#limits.retryMs
    return this.#failures === 0
      ? this.#limits.flushMs
      : Math.min(first * 2 ** Math.min(this.#failures - 1, 20), longest)
  }

  /** Writes once the writing that is under way has ended; resolves to what kept it from being written. */
  #write(what: 'a batch' | 'everything'): Promise<StoreUnavailable | null> {
    this.#disarm()
    const turn = (this.#turn ?? Promise.resolve()).then(() => this.#takeTurn(what))
    this.#turn = turn
    void turn.then(() => {
      if (this.#turn !== turn) return
      this.#turn = null
      if (this.pending() === 0) this.#onEmpty()
      this.#arm()
    })
    return turn
  }

  async #takeTurn(what: 'a batch' | 'everything'): Promise<StoreUnavailable | null> {
    for (;;) {
      if (rowsOf(this.#batch) === 0) this.#batch = this.#backlog.take(this.#limits.batchRows)
      const failure = await this.#put(this.#batch)
      if (failure === null) this.#batch = NOTHING
      if (failure === null && what === 'everything' && this.pending() > 0) continue
      this.#report(failure)
      return failure
    }
  }

  /** A batch that the store refuses for what is in it is halved until the row that is to blame is found. */
  async #put(batch: Batch): Promise<StoreUnavailable | null> {
    if (rowsOf(batch) === 0) return null
    try {
      await this.#store.saveCalls(batch.calls, batch.events)
      return null
    } catch (error) {
      if (error instanceof StoreUnavailable) return error
      if (rowsOf(batch) === 1) {
        this.#log.error({ err: error, ...batch }, 'the database refuses a row of a call')
        this.#lose({ calls: batch.calls.length, events: batch.events.length })
        return null
      }
      const [first, second] = halves(batch)
      return (await this.#put(first)) ?? (await this.#put(second))
    }
  }

  #lose(lost: Lost): void {
    this.#lost = { calls: this.#lost.calls + lost.calls, events: this.#lost.events + lost.events }
  }

  #overflow(lost: Lost): void {
    this.#lose(lost)
    this.#overflowed += lost.calls + lost.events
  }

  #refuse(lost: Lost): void {
    this.#lose(lost)
    this.#log.error({ ...lost }, 'a row of a call came after the journal was closed')
  }

  /** Once a turn, however many rows it is about. */
  #report(failure: StoreUnavailable | null): void {
    const pending = this.pending()
    if (this.#overflowed > 0) {
      this.#log.error({ rows: this.#overflowed, pending }, 'rows of calls were dropped: too many wait')
      this.#overflowed = 0
    }
    if (failure !== null) {
      this.#failures += 1
      this.#log.warn({ err: failure, pending, retryMs: this.#pause() }, 'calls cannot be written; they wait')
    } else if (this.#failures > 0) {
      this.#failures = 0
      this.#log.info({ pending }, 'calls are written again')
    }
  }
}

function rowsOf(batch: Batch): number {
  return batch.calls.length + batch.events.length
}

function halves({ calls, events }: Batch): [Batch, Batch] {
  const [c, e] = [Math.ceil(calls.length / 2), Math.floor(events.length / 2)]
  return [
    { calls: calls.slice(0, c), events: events.slice(0, e) },
    { calls: calls.slice(c), events: events.slice(e) },
  ]
}
