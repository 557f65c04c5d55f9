import type {
  BackingStore,
  LoadedUsers,
  StateChange,
  TokenUse,
  WantedUsers,
} from '../../../src/ports/backing-store.js'
import type { PresenceFacts } from '../../../src/ports/presence.js'
import { StoreConflict, StoreUnavailable } from '../../../src/ports/store.js'
import type { Binding, Device } from '../../../src/ports/store.js'
import { FakeStore } from '../../support/fake-store.js'

/** What a database holds, whoever has it open. */
export class Disk {
  readonly devices = new Map<string, Device>()
  readonly bindings = new Map<string, Binding>()
  readonly uses = new Map<string, TokenUse>()
  reads = 0
  writes: StateChange[] = []
  readsFail = false
  writesFail = false
  /** Rows that the database refuses for what they are. */
  refuses: (row: Device | Binding) => boolean = () => false
}

/** One life of a process with the database. After its crash it changes nothing any more. */
export class Life {
  readonly store: BackingStore
  #crashed = false
  #failures = 0

  constructor(
    private readonly disk: Disk,
    private readonly pause: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve)),
  ) {
    this.store = new FakeBacking(this)
  }

  crash(): void {
    this.#crashed = true
  }

  async read<T>(what: (disk: Disk) => T): Promise<T> {
    await this.pause()
    if (this.#crashed || this.disk.readsFail) throw new StoreUnavailable('no read')
    this.disk.reads += 1
    const found = structuredClone(what(this.disk))
    await this.pause()
    return found
  }

  async write<T>(what: (disk: Disk) => T): Promise<T> {
    await this.pause()
    if (this.#crashed) throw new StoreUnavailable('no write')
    // Of a write that fails nobody knows whether it was done.
    if (this.disk.writesFail) {
      this.#failures += 1
      if (this.#failures % 2 === 0) what(this.disk)
      throw new StoreUnavailable('no write')
    }
    const done = what(this.disk)
    await this.pause()
    if (this.#crashed) throw new StoreUnavailable('no write')
    return done
  }
}

class FakeBacking extends FakeStore implements BackingStore {
  constructor(private readonly life: Life) {
    super()
  }

  loadUsers({ users, deviceIds, pushes }: WantedUsers): Promise<LoadedUsers> {
    return this.life.read(({ devices, bindings }) => {
      const all = [...devices.values()]
      const owns = (device: Device): boolean =>
        deviceIds.includes(device.id) || pushes.some(({ token }) => token === device.push?.token)
      const names = new Set([...users, ...all.filter(owns).map(({ user }) => user)])
      return {
        devices: all.filter(({ user }) => names.has(user)),
        bindings: [...bindings.values()].filter(({ user }) => names.has(user)),
      }
    })
  }

  writeState(change: StateChange): Promise<void> {
    return this.life.write((disk) => {
      if ([...change.devices, ...change.put].some(disk.refuses)) throw new Error('refused for what it is')
      const devices = new Map(disk.devices)
      for (const id of change.released) {
        const device = devices.get(id)
        if (device !== undefined) devices.set(id, { ...device, push: null })
      }
      for (const device of change.devices) {
        const taken = [...devices.values()].some(
          ({ id, push }) => id !== device.id && push !== null && push.token === device.push?.token,
        )
        if (taken) throw new StoreConflict('taken')
        devices.set(device.id, device)
      }
      disk.writes.push(change)
      for (const [id, device] of devices) disk.devices.set(id, device)
      for (const id of change.remove) disk.bindings.delete(id)
      for (const binding of change.put) disk.bindings.set(binding.bindingId, binding)
      for (const use of change.uses) disk.uses.set(`${use.purpose} ${use.jti}`, use)
    })
  }

  tokenUses(): Promise<readonly TokenUse[]> {
    return this.life.read(({ uses }) => [...uses.values()])
  }

  override presenceOf(users: readonly string[], now: number): Promise<readonly PresenceFacts[]> {
    return this.life.read(({ devices, bindings }) =>
      users.map((user) => {
        const ends = [...bindings.values()].filter((one) => one.user === user).map((one) => one.expiresAt)
        const last = Math.max(0, ...ends)
        const wakeable = [...devices.values()].some((one) => one.user === user && one.push !== null)
        return { user, row: null, registeredUntil: last > now ? last : null, wakeable }
      }),
    )
  }

  override dropExpired(now: number): Promise<number> {
    return this.life.write(({ bindings }) => {
      const expired = [...bindings.values()].filter(({ expiresAt }) => expiresAt <= now)
      for (const { bindingId } of expired) bindings.delete(bindingId)
      return expired.length
    })
  }

  override dropUses(now: number): Promise<number> {
    return this.life.write(({ uses }) => {
      const expired = [...uses].filter(([, { expiresAt }]) => expiresAt <= now)
      for (const [key] of expired) uses.delete(key)
      return expired.length
    })
  }
}
