import pg from 'pg'
import type { Log } from '../../ports/log.js'
import { Pause, type Retry } from './pause.js'

export interface OutboxLimits {
  /** How long a message is tried to be written, in milliseconds. */
  readonly patience: number
  /** Messages of one statement at most. */
  readonly batch: number
  /** How long a statement may take, in milliseconds. */
  readonly statement: number
  readonly retry: Retry
}

interface Waiting {
  readonly seq: number
  readonly body: string
  /** Of `performance.now`. */
  readonly until: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** PostgreSQL's name for what is told, and the lock that puts the senders in a row: "rvlbus" in letters. */
export const CHANNEL = 'reveille_bus'
const LOCK = 0x72_76_6c_62_75_73

/**
 * Numbers are drawn under the lock, and it is held until the commit is seen: who has read up to a number has read
 * everything below it.
 */
const WRITE = `
  with turn as materialized (select pg_advisory_xact_lock(${LOCK})),
  written as (
    insert into bus_messages (sender, seq, body)
    select $1, message.seq, message.body
    from turn, unnest($2::bigint[], $3::text[]) as message (seq, body)
    order by message.seq
    on conflict (sender, seq) do nothing
  )
  select pg_notify('${CHANNEL}', $1)`

/** Writes the messages of this node in their order; those that come while one batch is written are the next. */
export class Outbox {
  readonly #pool: pg.Pool
  readonly #queue: Waiting[] = []
  readonly #pause: Pause
  #seq = 0
  #busy = false
  #work: Promise<void> = Promise.resolve()
  #closed = false

  constructor(
    url: string,
    private readonly sender: string,
    private readonly limits: OutboxLimits,
    private readonly log: Log,
  ) {
    this.#pause = new Pause(limits.retry)
    this.#pool = new pg.Pool({
      connectionString: url,
      connectionTimeoutMillis: limits.statement,
      statement_timeout: limits.statement,
      query_timeout: limits.statement + 1000,
      application_name: 'reveille bus',
      keepAlive: true,
      max: 1,
    })
    // An idle connection that fails is removed by the pool; the next statement meets whatever is wrong.
    this.#pool.on('error', () => undefined)
  }

  /** Resolves when the message is written; rejects where it was not, within the time for it. */
  write(body: string): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the bus is closed'))
    const until = performance.now() + this.limits.patience
    const written = new Promise<void>((resolve, reject) => {
      this.#queue.push({ seq: this.#seq++, body, until, resolve, reject })
    })
    if (!this.#busy) this.#work = this.#writeAll()
    return written
  }

  /** What waits is tried once more. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#pause.end()
    await this.#work
    await this.#pool.end()
  }

  async #writeAll(): Promise<void> {
    this.#busy = true
    while (this.#queue.length > 0) {
      // Not before this turn of the event loop is over: what is published together is written together.
      await Promise.resolve()
      const batch = this.#queue.slice(0, this.limits.batch)
      const last = this.#closed
      try {
        await this.#put(batch)
        this.#queue.splice(0, batch.length)
        batch.forEach(({ resolve }) => resolve())
        this.#recovered()
      } catch (error) {
        this.#failed(error, last)
        await this.#pause.wait()
      }
    }
    this.#busy = false
  }

  async #put(batch: readonly Waiting[]): Promise<void> {
    await this.#pool.query(WRITE, [this.sender, batch.map(({ seq }) => seq), batch.map(({ body }) => body)])
  }

  #recovered(): void {
    if (this.#pause.failures > 0) this.log.info({}, 'messages to other nodes are written again')
    this.#pause.reset()
  }

  #failed(error: unknown, last: boolean): void {
    if (this.#pause.failures === 0) {
      this.log.warn({ err: error, waiting: this.#queue.length }, 'messages to other nodes cannot be written')
    }
    const now = performance.now()
    while (this.#queue[0] !== undefined && (last || this.#queue[0].until <= now)) {
      this.#queue.shift()?.reject(error)
    }
  }
}
