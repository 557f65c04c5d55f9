import type { Bus, BusMessage } from '../ports/bus.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type {
  Presence,
  PresenceControl,
  PresenceLookup,
  PresenceReader,
  PresenceRow,
  PresenceStore,
  SetPresence,
} from '../ports/presence.js'
import { Book, type Listener } from './book.js'
import { PRESENCE_LIMITS, type PresenceLimits } from './limits.js'
import { Reads } from './reads.js'
import { viewOf } from './view.js'
import { Writer } from './writer.js'

export interface PresenceDeps {
  readonly store: PresenceStore
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<PresenceLimits>
}

/** Presence on this node. */
export interface PresenceService extends PresenceControl, PresenceLookup {
  /** Keeps these users in memory for {@link PresenceLookup}, and no others; a reload names them anew. */
  keep(users: readonly string[]): void
  /** A call of the user has begun on this node, or the last one is over. */
  inCall(user: string, is: boolean): void
  readonly gauges: { readonly watched: number; readonly present: number }
  /** Resolves when what was to be written is, or cannot be. */
  close(): Promise<void>
}

export function createPresence(deps: PresenceDeps): PresenceService {
  return new Service(deps)
}

class Service implements PresenceService {
  readonly #limits: PresenceLimits
  readonly #book: Book
  readonly #writer: Writer
  readonly #reads: Reads
  /** Until when users with a channel here count as present, as it was written last; microseconds since the epoch. */
  readonly #present = new Map<string, number>()
  readonly #kept: PresenceReader
  readonly #unsubscribe: () => void
  #keptUsers: ReadonlySet<string> = new Set()
  #stopTick: () => void
  #away = false
  #closed = false

  constructor(private readonly deps: PresenceDeps) {
    const { store, bus, clock, log } = deps
    const limits = { ...PRESENCE_LIMITS, ...deps.limits }
    const { batchMs, page } = limits
    this.#limits = limits
    this.#book = new Book(() => clock.now())
    this.#writer = new Writer({ store, clock, log, batchMs, written: (rows) => this.#written(rows) })
    const learned = this.#book.learned.bind(this.#book)
    this.#reads = new Reads({ store, clock, log, batchMs, page, learned })
    this.#kept = this.reader(() => undefined)
    this.#unsubscribe = bus.subscribe((message) => this.#hear(message))
    this.#stopTick = clock.after(limits.tickMs, () => void this.#tick())
  }

  set(user: string, { state, note, expiresIn }: SetPresence): Promise<number> {
    const now = this.deps.clock.now()
    const presentUntil = this.#present.get(user)
    return this.#writer.write({
      user,
      set: { state, note, expiresAt: expiresIn === null ? null : now + expiresIn * 1000 },
      // A state that lasts as long as a channel does must find the user present.
      ...(presentUntil === undefined ? {} : { presentUntil }),
    })
  }

  async read(user: string): Promise<Presence> {
    const known = this.#book.known(user)
    // Of what was missed while the database was away nothing is known.
    if (known !== undefined && !this.#away) return known
    const { store, clock } = this.deps
    const [facts] = await store.presenceOf([user], clock.now())
    return viewOf(facts ?? { user, row: null, registeredUntil: null, wakeable: false }, clock.now())
  }

  known(user: string): Presence | undefined {
    return this.#book.known(user)
  }

  present(user: string): void {
    const now = this.deps.clock.now()
    const { presentMs, renewMs } = this.#limits
    if ((this.#present.get(user) ?? 0) - now > renewMs * 1000) return
    const presentUntil = now + presentMs * 1000
    this.#present.set(user, presentUntil)
    this.#writer.note({ user, presentUntil })
  }

  inCall(user: string, is: boolean): void {
    this.#writer.note({ user, inCall: is })
  }

  reader(listener: Listener): PresenceReader {
    const book = this.#book
    const reads = this.#reads
    const users = new Set<string>()
    return {
      async watch(more) {
        const unread: string[] = []
        for (const user of more) {
          if (users.has(user)) continue
          users.add(user)
          book.watch(user, listener)
          const view = book.known(user)
          if (view === undefined) unread.push(user)
          else listener(view)
        }
        try {
          await reads.now(unread)
        } catch (error) {
          reads.later(unread)
          throw error
        }
      },
      unwatch(fewer) {
        for (const user of fewer) if (users.delete(user)) book.unwatch(user, listener)
      },
      close() {
        for (const user of users) book.unwatch(user, listener)
        users.clear()
      },
    }
  }

  keep(users: readonly string[]): void {
    const wanted = new Set(users)
    this.#kept.unwatch([...this.#keptUsers].filter((user) => !wanted.has(user)))
    this.#keptUsers = wanted
    this.#kept.watch(users).catch((error: unknown) => {
      this.deps.log.warn({ err: error }, 'calls are not routed by presence until it can be read')
    })
  }

  get gauges(): PresenceService['gauges'] {
    return { watched: this.#book.size, present: this.#present.size }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stopTick()
    this.#unsubscribe()
    this.#reads.close()
    await this.#writer.close()
  }

  /** This node knows at once; the others when the bus has told them. */
  #written(rows: readonly PresenceRow[]): void {
    if (rows.length === 0) return
    for (const row of rows) this.#book.heard(row)
    this.deps.bus.publish({ type: 'presence', rows }).catch((error: unknown) => {
      // They read everything that is watched now and then.
      this.deps.log.warn({ err: error }, 'other nodes were not told of presence')
    })
  }

  #hear(message: BusMessage): void {
    switch (message.type) {
      case 'presence':
        for (const row of message.rows) this.#book.heard(row)
        return
      case 'registered': {
        const { user, expiresAt } = message.binding
        if (this.#book.registered(user, expiresAt)) this.#reads.later([user])
        return
      }
      case 'unregistered':
      case 'device-retired':
        if (this.#book.watches(message.user)) this.#reads.later([message.user])
        return
      default:
    }
  }

  /** Never rejects. */
  async #tick(): Promise<void> {
    const { store, clock, log } = this.deps
    try {
      this.#written(await store.lapsePresence(clock.now()))
      const back = this.#away
      this.#away = false
      // What was written meanwhile elsewhere may never be told: after an outage everything is read.
      const before = clock.now() - (back ? 0 : this.#limits.rereadMs * 1000)
      this.#reads.later(this.#book.stale(before).slice(0, back ? Infinity : this.#limits.page))
      this.#writer.retry()
      this.#reads.retry()
    } catch (error) {
      if (!this.#away && !this.#closed)
        log.warn({ err: error }, 'presence is what it was: the database is away')
      this.#away = true
    }
    this.#forgetAbsent()
    if (!this.#closed) this.#stopTick = clock.after(this.#limits.tickMs, () => void this.#tick())
  }

  #forgetAbsent(): void {
    const now = this.deps.clock.now()
    for (const [user, until] of this.#present) if (until <= now) this.#present.delete(user)
  }
}
