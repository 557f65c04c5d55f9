import pg from 'pg'
import { CHANNEL } from './outbox.js'

export interface EarLimits {
  /** How long the database may take to answer, in milliseconds. */
  readonly statement: number
  /** How often it is asked although it told nothing: a connection may be dead without a word. In milliseconds. */
  readonly poll: number
  /** How long what comes sooner another way may wait to be read, in milliseconds: many are one statement then. */
  readonly linger: number
  /** Messages older than this are deleted, in milliseconds. */
  readonly keep: number
}

/** What a node hears of the others, over all its connections. */
export interface Hearing {
  /** Of this node; its own messages are passed over. */
  readonly sender: string
  /** Whose messages come another way as well, and sooner. */
  readonly sooner: ReadonlySet<string>
  /** Number of the last message that was read; null where none was. */
  position: string | null
  /** When old messages were last deleted; of `performance.now`. */
  cleanedAt: number
  hear(body: string): void
}

/** Rows of one look. */
const MOST = 1000

const READ = `
  select id::text, case when sender <> $2 then body end as body
  from bus_messages where id > $1::bigint order by bus_messages.id limit ${MOST}`

/** The newest message; after a database was put back to an earlier state, no number above those that it draws. */
const POSITION = `
  select least($1::bigint, case when $1::bigint is null
    then (select coalesce(max(id), 0) from bus_messages)
    else (select last_value from bus_messages_id_seq) end)::text as id`

interface Row {
  readonly id: string
  readonly body: string | null
}

/** One connection that hears what other nodes write, in the order of its numbers. */
export class Ear {
  readonly #client: pg.Client
  /** `told`: read once more when it has been read. */
  #state: 'opening' | 'idle' | 'reading' | 'told' | 'closed' = 'opening'
  #poll: NodeJS.Timeout | undefined
  /** There is something to be read that may linger. */
  #lingers = false

  private constructor(
    url: string,
    private readonly hearing: Hearing,
    private readonly limits: EarLimits,
    private readonly onLost: (error: unknown) => void,
  ) {
    const { statement } = limits
    this.#client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: statement,
      statement_timeout: statement,
      query_timeout: statement + 1000,
      application_name: 'reveille bus',
      keepAlive: true,
    })
    this.#client.on('error', (error) => this.#lost(error))
    this.#client.on('end', () => this.#lost(undefined))
    this.#client.on('notification', ({ payload }) => {
      if (payload === hearing.sender) return
      if (payload !== undefined && hearing.sooner.has(payload)) this.#linger()
      else this.#look()
    })
  }

  /**
   * Resolves when everything that is written from now on will be heard; what was missed since `position` is heard
   * next. Rejects where the database does not answer. `onLost`: once, when the connection is of no use any more.
   */
  static async open(
    url: string,
    hearing: Hearing,
    limits: EarLimits,
    onLost: (error: unknown) => void,
  ): Promise<Ear> {
    const ear = new Ear(url, hearing, limits, onLost)
    try {
      await ear.#open()
      return ear
    } catch (error) {
      ear.#drop()
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#poll)
    await this.#client.end()
  }

  async #open(): Promise<void> {
    const { hearing } = this
    await this.#client.connect()
    await this.#client.query(`listen ${CHANNEL}`)
    const { rows } = await this.#client.query<{ id: string }>(POSITION, [hearing.position])
    hearing.position = rows[0]?.id ?? '0'
    this.#state = 'idle'
    this.#look()
  }

  #look(): void {
    switch (this.#state) {
      case 'idle':
        this.#state = 'reading'
        clearTimeout(this.#poll)
        this.#readOn().catch((error: unknown) => this.#lost(error))
        return
      case 'reading':
        this.#state = 'told'
        return
      // While it opens the position is not known yet; the first look comes after it.
      case 'opening':
      case 'told':
      case 'closed':
        return
      default:
        this.#state satisfies never
    }
  }

  #linger(): void {
    if (this.#lingers) return
    this.#lingers = true
    // Else it is seen to when what is under way is done.
    if (this.#state === 'idle') this.#rest()
  }

  /** Until there is something to be read, or it is time to look. */
  #rest(): void {
    clearTimeout(this.#poll)
    const { linger, poll } = this.limits
    this.#poll = setTimeout(() => this.#look(), this.#lingers ? linger : poll)
  }

  async #readOn(): Promise<void> {
    while (this.#state === 'reading' || this.#state === 'told') {
      this.#state = 'reading'
      this.#lingers = false
      const full = await this.#read()
      await this.#clean()
      if (full || this.#state !== 'reading') continue
      this.#state = 'idle'
      this.#rest()
    }
  }

  /** True where there may be more. */
  async #read(): Promise<boolean> {
    const { hearing } = this
    const { rows } = await this.#client.query<Row>(READ, [hearing.position, hearing.sender])
    for (const { id, body } of rows) {
      if (body !== null) hearing.hear(body)
      hearing.position = id
    }
    return rows.length === MOST
  }

  /** What every node that lives has heard is of no more use. */
  async #clean(): Promise<void> {
    const { keep } = this.limits
    const now = performance.now()
    if (now - this.hearing.cleanedAt < keep / 10) return
    this.hearing.cleanedAt = now
    const sql = `delete from bus_messages where at < clock_timestamp() - $1 * interval '1 ms'`
    await this.#client.query(sql, [keep])
  }

  #lost(error: unknown): void {
    // While it opens, that fails.
    if (this.#state === 'closed' || this.#state === 'opening') return
    this.#drop()
    this.onLost(error)
  }

  /** The end of the connection is not waited for: where nobody answers there may be none. */
  #drop(): void {
    this.#state = 'closed'
    clearTimeout(this.#poll)
    this.#client.end().catch(() => undefined)
  }
}
