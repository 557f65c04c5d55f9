import type { BackingStore, TokenUse } from '../../ports/backing-store.js'
import type { Log } from '../../ports/log.js'
import type { PresenceFacts } from '../../ports/presence.js'
import type { PushTarget } from '../../ports/push.js'
import { StoreConflict, StoreUnavailable } from '../../ports/store.js'
import type { Binding, Device } from '../../ports/store.js'
import type { Lane } from './lane.js'
import type { ResidentLimits } from './limits.js'
import { useKey } from './pending.js'
import type { Pending } from './pending.js'
import type { Residents } from './residents.js'
import type { ResidentUses } from './token-uses.js'

export interface RegistrationsParts {
  readonly backing: BackingStore
  readonly residents: Residents
  readonly pending: Pending
  readonly uses: ResidentUses
  readonly lane: Lane
  readonly log: Log
  readonly limits: ResidentLimits
}

interface Needed {
  readonly users?: readonly string[]
  /** Of devices. */
  readonly ids?: readonly string[]
  readonly pushes?: readonly PushTarget[]
}

/** The methods of the store that are answered from memory. Once what they need is there, each acts in one go. */
export class Registrations {
  readonly #parts: RegistrationsParts
  #closing: Promise<void> | null = null

  constructor(parts: RegistrationsParts) {
    this.#parts = parts
  }

  async putDevice(given: Device): Promise<void> {
    const device = { ...given, user: nameOf(given.user) }
    const { id, user, push } = device
    const { residents, pending } = this.#parts
    const loading = this.#need({ users: [user], ids: [id], pushes: push === null ? [] : [push] })
    if (loading !== null) await loading
    const owner = push === null ? null : residents.owner(push)
    if (owner !== null && owner.id !== id) throw new StoreConflict('the push address is another device’s')
    const before = residents.device(id)
    const awaited = before === null || !isSameButSeen(before, device)
    if (!awaited && before.seenAt === device.seenAt && before.region === device.region)
      return this.#written(id, user)
    this.#makeRoom()
    residents.putDevice(device)
    pending.putDevice(device, awaited, before !== null)
    await this.#written(id, user)
  }

  async device(id: string): Promise<Device | null> {
    const loading = this.#need({ ids: [id] })
    if (loading !== null) await loading
    return this.#parts.residents.device(id)
  }

  async devicesOf(user: string): Promise<readonly Device[]> {
    const name = nameOf(user)
    const loading = this.#need({ users: [name] })
    if (loading !== null) await loading
    return this.#parts.residents.devicesOf(name)
  }

  async deviceByPush(push: PushTarget): Promise<Device | null> {
    const loading = this.#need({ pushes: [push] })
    if (loading !== null) await loading
    return this.#parts.residents.owner(push)
  }

  async deviceByInstance(user: string, instance: string): Promise<Device | null> {
    const all = (await this.devicesOf(user)).filter((device) => device.instance === instance)
    // The one that was seen last, and of several the one with the least id.
    const later = (a: Device, b: Device): boolean =>
      a.seenAt > b.seenAt || (a.seenAt === b.seenAt && a.id < b.id)
    return all.reduce<Device | null>(
      (best, device) => (best === null || later(device, best) ? device : best),
      null,
    )
  }

  async retirePush(id: string, push: PushTarget, reason: string, at: number): Promise<boolean> {
    const loading = this.#need({ ids: [id] })
    if (loading !== null) await loading
    const device = this.#parts.residents.device(id)
    if (device === null || !isSamePush(device.push, push)) return false
    await this.#change({ ...device, push: null, retired: { at, reason } })
    return true
  }

  async setCallsIn(id: string, user: string, callsIn: boolean): Promise<void> {
    const loading = this.#need({ ids: [id] })
    if (loading !== null) await loading
    const device = this.#parts.residents.device(id)
    if (device?.user !== nameOf(user)) return
    if ((device.callsIn === true) === callsIn) return this.#written(id, device.user)
    const { callsIn: _, ...rest } = device
    await this.#change(callsIn ? { ...rest, callsIn } : rest)
  }

  async writeBindings({
    put,
    remove,
  }: {
    readonly put: readonly Binding[]
    readonly remove: readonly string[]
  }): Promise<void> {
    const bindings = put.map((binding) => ({ ...binding, user: nameOf(binding.user) }))
    const loading = this.#need({ users: bindings.map(({ user }) => user) })
    if (loading !== null) await loading
    if (bindings.length + remove.length === 0) return
    this.#makeRoom()
    for (const id of remove) this.#removeBinding(id)
    for (const binding of bindings) this.#putBinding(binding)
    const { pending, lane } = this.#parts
    const ids = [...remove, ...bindings.map(({ bindingId }) => bindingId)]
    if (ids.some((id) => pending.awaitsBinding(id))) await lane.flush('awaited', bindings[0]?.user ?? null)
    else lane.arm()
  }

  async bindingsOf(user: string, now: number): Promise<readonly Binding[]> {
    const name = nameOf(user)
    const loading = this.#need({ users: [name] })
    if (loading !== null) await loading
    const all = this.#parts.residents.bindingsOf(name)
    return all.every(({ expiresAt }) => expiresAt > now)
      ? all
      : all.filter(({ expiresAt }) => expiresAt > now)
  }

  dropExpired(now: number): Promise<number> {
    const { lane, backing, residents, pending } = this.#parts
    return lane.aloneAfterFlush(async () => {
      const dropped = await backing.dropExpired(now)
      residents.dropExpired(now, (id) => pending.binding(id) !== undefined)
      return dropped
    })
  }

  async use(use: TokenUse): Promise<boolean> {
    const { uses, pending, lane } = this.#parts
    await uses.ready()
    this.#refuseIfClosed()
    const key = useKey(use.jti, use.purpose)
    const first = uses.get(key)
    if (first !== undefined && (first.holder === null || first.holder !== use.holder)) return false
    if (first?.expiresAt === use.expiresAt) return true
    this.#makeRoom()
    uses.set(key, use)
    pending.use(key, use)
    lane.arm()
    return true
  }

  dropUses(now: number): Promise<number> {
    const { lane, backing, uses } = this.#parts
    return lane.aloneAfterFlush(async () => {
      const dropped = await backing.dropUses(now)
      uses.drop(now)
      return dropped
    })
  }

  /** What waits to be written is of users in memory, who are asked there. */
  presenceOf(users: readonly string[], now: number): Promise<readonly PresenceFacts[]> {
    const { lane, backing, residents } = this.#parts
    return lane.alone(async () => {
      const facts = await backing.presenceOf(users, now)
      return facts.map((known) => {
        if (!residents.has(known.user)) return known
        const live = residents.bindingsOf(known.user).filter(({ expiresAt }) => expiresAt > now)
        return {
          ...known,
          registeredUntil: live.length === 0 ? null : Math.max(...live.map(({ expiresAt }) => expiresAt)),
          wakeable: residents.devicesOf(known.user).some(({ push }) => push !== null),
        }
      })
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { lane, pending, backing, log } = this.#parts
    await lane.close().catch((error: unknown) => {
      log.error({ err: error, rows: pending.size }, 'registrations were still unwritten at the end')
    })
    await backing.close()
  }

  /**
   * Null where everybody is in memory: then nothing comes between the look and the act. Otherwise a promise that
   * resolves when they are. Rejects with StoreUnavailable.
   */
  #need({ users = [], ids = [], pushes = [] }: Needed): Promise<void> | null {
    this.#refuseIfClosed()
    const { residents, lane } = this.#parts
    const owners = [...ids.map((id) => residents.device(id)), ...pushes.map((push) => residents.owner(push))]
    const names = [...users, ...owners.flatMap((device) => (device === null ? [] : [device.user]))]
    if (owners.every((device) => device !== null) && users.every((user) => residents.has(user))) {
      for (const user of names) residents.touch(user)
      return null
    }
    // All that is needed, and not only what is missing: what is read together stays together.
    return lane.load({ users: names, deviceIds: ids, pushes })
  }

  /** A device that is in memory gets other properties than when it was seen. */
  async #change(device: Device): Promise<void> {
    const { residents, pending } = this.#parts
    this.#makeRoom()
    residents.putDevice(device)
    pending.putDevice(device, true, true)
    await this.#written(device.id, device.user)
  }

  /** Resolves when nobody has to wait for the device any more. */
  async #written(id: string, user: string): Promise<void> {
    const { residents, pending, lane } = this.#parts
    if (!pending.awaitsDevice(id)) return lane.arm()
    // No push brings back any more what waits of one that has lost its address.
    await lane.flush(residents.device(id)?.push === null ? 'everything' : 'awaited', user)
  }

  #putBinding(binding: Binding): void {
    const { residents, pending } = this.#parts
    const before = residents.binding(binding.bindingId)
    const restorable = this.#canBeRestored(binding) && (before === null || this.#canBeRestored(before))
    residents.putBinding(binding)
    pending.putBinding(binding, !restorable, before !== null)
  }

  #removeBinding(id: string): void {
    const { residents, pending } = this.#parts
    const before = residents.binding(id)
    residents.removeBinding(id)
    // One that is not here may be in the database.
    if (before === null) pending.removeBinding(id, '', true, true)
    else pending.removeBinding(id, before.user, !this.#canBeRestored(before), true)
  }

  /** Whether a push brings the phone to register again, also after a crash. */
  #canBeRestored({ deviceId }: Binding): boolean {
    if (deviceId === null) return false
    const { residents, pending } = this.#parts
    const device = residents.device(deviceId)
    return device !== null && device.push !== null && !pending.awaitsDevice(deviceId)
  }

  #makeRoom(): void {
    const { pending, limits } = this.#parts
    if (pending.size >= limits.pendingRows) throw new StoreUnavailable('too much waits to be written')
  }

  #refuseIfClosed(): void {
    if (this.#closing !== null) throw new StoreUnavailable('the store is closed')
  }
}

/** As the database has it: there is no NUL in its text. */
function nameOf(user: string): string {
  return user.includes('\0') ? user.replaceAll('\0', '\ufffd') : user
}

function isSamePush(a: PushTarget | null, b: PushTarget | null): boolean {
  if (a === null || b === null) return a === b
  return a.provider === b.provider && a.token === b.token && (a.param ?? '') === (b.param ?? '')
}

/** Equal but for when and where it was seen. */
function isSameButSeen(a: Device, b: Device): boolean {
  return (
    a.user === b.user &&
    a.instance === b.instance &&
    isSamePush(a.push, b.push) &&
    (a.push === null) === (b.push === null) &&
    a.push?.param === b.push?.param &&
    a.callsIn === b.callsIn &&
    a.createdAt === b.createdAt &&
    a.retired?.at === b.retired?.at &&
    a.retired?.reason === b.retired?.reason
  )
}
