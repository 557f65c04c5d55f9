import type { BackingStore, WantedUsers } from '../../ports/backing-store.js'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import { StoreUnavailable } from '../../ports/store.js'
import type { Binding, Device } from '../../ports/store.js'
import type { ResidentLimits } from './limits.js'
import { changeOf, isEmpty, piecesOf } from './pending.js'
import type { Batch, Pending } from './pending.js'
import type { Residents } from './residents.js'

export interface LaneParts {
  readonly backing: BackingStore
  readonly residents: Residents
  readonly pending: Pending
  readonly clock: Clock
  readonly log: Log
  readonly limits: ResidentLimits
}

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Loading extends Waiting {
  readonly wanted: WantedUsers
}

interface Flushing extends Waiting {
  readonly which: 'awaited' | 'everything'
  /** Whose rows; of all where there is none. */
  readonly user: string | null
}

/**
 * The one way to the database, for one at a time: who is read, and what is written, while another is under way waits,
 * and goes together with all others that do. So nothing is read that is being written, and what has been read is still
 * true when it comes into memory, but for what waits to be written.
 */
export class Lane {
  readonly #parts: LaneParts
  #loads: Loading[] = []
  #flushes: Flushing[] = []
  #tasks: (() => Promise<void>)[] = []
  #running = false
  #stopTimer: (() => void) | null = null
  #failures = 0
  #failure: StoreUnavailable | null = null
  #closed = false

  constructor(parts: LaneParts) {
    this.#parts = parts
  }

  /** Why nothing can be written at the moment. */
  get failure(): StoreUnavailable | null {
    return this.#failure
  }

  /** Resolves when they are in memory. */
  load(wanted: WantedUsers): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#loads.push({ wanted, resolve, reject })
      this.#start()
    })
  }

  /** Resolves when what waits now is written: what somebody waits for, or everything. */
  flush(which: Flushing['which'], user: string | null = null): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#flushes.push({ which, user, resolve, reject })
      this.#start()
    })
  }

  /** Sees to it that what waits is written some time. */
  arm(): void {
    if (this.#stopTimer !== null || this.#closed || this.#parts.pending.size === 0) return
    this.#stopTimer = this.#parts.clock.after(this.#pause(), () => {
      this.#stopTimer = null
      // What fails is told once, and tried again.
      this.flush('everything').catch(() => undefined)
    })
  }

  /** Does the task while nothing else is read or written. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => task().then(resolve, reject))
      this.#start()
    })
  }

  /** The task sees in the database all that was written before. Rejects where that cannot be written. */
  aloneAfterFlush<T>(task: () => Promise<T>): Promise<T> {
    return this.alone(async () => {
      const failure = await this.#write(this.#parts.pending.take('everything'), [])
      if (failure !== null) throw failure
      return task()
    })
  }

  /** Writes what waits, once more and never again. Rejects where it cannot. */
  close(): Promise<void> {
    this.#closed = true
    this.#stopTimer?.()
    this.#stopTimer = null
    return this.flush('everything')
  }

  #pause(): number {
    const { writeBehindMs, retryMs } = this.#parts.limits
    const [first, longest] = retryMs
    return this.#failures === 0
      ? writeBehindMs
      : Math.min(first * 2 ** Math.min(this.#failures - 1, 20), longest)
  }

  #start(): void {
    if (this.#running) return
    this.#running = true
    void this.#run()
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    // Those of the same moment go together.
    await Promise.resolve()
    while (this.#loads.length + this.#flushes.length + this.#tasks.length > 0) {
      if (this.#loads.length > 0) await this.#loadAll()
      if (this.#flushes.length > 0) await this.#flushAll()
      const task = this.#tasks.shift()
      if (task !== undefined) await task()
    }
    this.#running = false
  }

  async #loadAll(): Promise<void> {
    const loads = this.#loads
    this.#loads = []
    try {
      await this.#read(together(loads.map(({ wanted }) => wanted)))
      for (const { resolve } of loads) resolve()
    } catch (error) {
      for (const { reject } of loads) reject(error)
    }
  }

  async #read(wanted: WantedUsers): Promise<void> {
    const { backing, residents, pending, limits } = this.#parts
    const { devices, bindings } = await backing.loadUsers(wanted)
    const found = new Map(wanted.users.map((user) => [user, nothing()]))
    const of = (user: string): Everything => {
      const known = found.get(user) ?? nothing()
      found.set(user, known)
      return known
    }
    for (const device of devices) of(device.user).devices.push(device)
    for (const binding of bindings) of(binding.user).bindings.push(binding)
    this.#correct(found)
    for (const [user, theirs] of found) {
      // Who is here already is newer than what was read.
      if (residents.has(user)) residents.touch(user)
      else residents.install(user, theirs.devices, theirs.bindings)
    }
    // Those of this turn are the last ones, and stay.
    const most = Math.max(limits.users, found.size)
    if (residents.size > most) residents.shrink(most, pending.users())
  }

  /** What waits to be written is newer than what was read. */
  #correct(found: ReadonlyMap<string, Everything>): void {
    const { pending } = this.#parts
    if (pending.size === 0) return
    for (const theirs of found.values()) {
      theirs.devices = theirs.devices.filter(({ id }) => pending.device(id) === undefined)
      theirs.bindings = theirs.bindings.filter(({ bindingId }) => pending.binding(bindingId) === undefined)
    }
    for (const device of pending.devices()) found.get(device.user)?.devices.push(device)
    for (const binding of pending.bindings()) found.get(binding.user)?.bindings.push(binding)
  }

  async #flushAll(): Promise<void> {
    const flushes = this.#flushes
    this.#flushes = []
    const which = flushes.some((flush) => flush.which === 'everything') ? 'everything' : 'awaited'
    const failure = await this.#write(this.#parts.pending.take(which), flushes)
    for (const { resolve, reject } of flushes) {
      if (failure === null) resolve()
      else reject(failure)
    }
  }

  /** Resolves to what kept the batch from being written; those whose own rows are to blame are told here. */
  async #write(batch: Batch, flushes: readonly Flushing[]): Promise<StoreUnavailable | null> {
    const { backing, pending } = this.#parts
    try {
      if (!isEmpty(batch)) await backing.writeState(changeOf(batch))
      pending.done(batch)
      this.#report(null, batch)
      return null
    } catch (error) {
      const failure = error instanceof StoreUnavailable ? error : await this.#writeApart(batch, flushes)
      if (failure !== null) pending.failed(batch)
      this.#report(failure, batch)
      return failure
    } finally {
      pending.settled()
      this.arm()
    }
  }

  /** Something in the batch is refused for what it is: only its user is to suffer. */
  async #writeApart(batch: Batch, flushes: readonly Flushing[]): Promise<StoreUnavailable | null> {
    const { backing, pending, residents, log } = this.#parts
    for (const [user, piece] of piecesOf(batch)) {
      try {
        await backing.writeState(changeOf(piece))
      } catch (error) {
        if (error instanceof StoreUnavailable) return error
        log.error({ err: error, user }, 'the database refuses what was to be written of a user')
        // Whoever has come meanwhile may wait for the same rows, which are not written any more.
        for (const { user: whose, reject } of [...flushes, ...this.#flushes])
          if (whose === user) reject(error)
        residents.forget(user)
      }
      pending.done(piece)
    }
    return null
  }

  /** Once an outage, however many rows it is about. */
  #report(failure: StoreUnavailable | null, batch: Batch): void {
    const { log, pending } = this.#parts
    if (failure !== null) {
      this.#failures += 1
      if (this.#failure === null)
        log.error({ err: failure, rows: pending.size }, 'registrations cannot be written; they wait')
      this.#failure = failure
    } else if (this.#failure !== null && !isEmpty(batch)) {
      this.#failures = 0
      this.#failure = null
      log.info({ rows: pending.size }, 'registrations are written again')
    }
  }
}

interface Everything {
  devices: Device[]
  bindings: Binding[]
}

function nothing(): Everything {
  return { devices: [], bindings: [] }
}

function together(all: readonly WantedUsers[]): WantedUsers {
  return {
    users: [...new Set(all.flatMap(({ users }) => users))],
    deviceIds: [...new Set(all.flatMap(({ deviceIds }) => deviceIds))],
    pushes: all.flatMap(({ pushes }) => pushes),
  }
}
