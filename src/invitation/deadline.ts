import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'

/** The longest wait before the database is asked what is due: invitations of a node that died are everybody's. */
const LONGEST_MS = 30_000

export interface DeadlineDeps {
  readonly clock: Clock
  readonly log: Log
  /** When the next one is due, microseconds since the epoch; null where there is none. */
  next(): Promise<number | null>
  /** Ends what is due by now. */
  expire(now: number): Promise<void>
}

/** One timer for all invitations, whoever made them: what is due is read from the database. */
export class Deadline {
  #stop: () => void = () => undefined
  #at = Infinity
  #work: Promise<void> = Promise.resolve()
  #closed = false

  constructor(private readonly deps: DeadlineDeps) {}

  /** Begins, with those that were open before this process. */
  start(): void {
    this.#set(0)
  }

  /** One is due at `at`, microseconds since the epoch. */
  due(at: number): void {
    const ms = (at - this.deps.clock.now()) / 1000
    if (at < this.#at) this.#set(Math.max(0, ms))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stop()
    await this.#work
  }

  #set(ms: number): void {
    if (this.#closed) return
    this.#stop()
    const wait = Math.ceil(Math.min(ms, LONGEST_MS))
    this.#at = this.deps.clock.now() + wait * 1000
    this.#stop = this.deps.clock.after(wait, () => {
      this.#at = Infinity
      this.#work = this.#work.then(() => this.#look())
    })
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { clock, log } = this.deps
    let wait = LONGEST_MS
    try {
      await this.deps.expire(clock.now())
      const next = await this.deps.next()
      if (next !== null) wait = Math.max(0, (next - clock.now()) / 1000)
    } catch (error) {
      log.warn({ err: error }, 'invitations cannot be ended in time')
      wait = 1000
    }
    // What was made meanwhile may be due before.
    if (clock.now() + wait * 1000 < this.#at) this.#set(wait)
  }
}
