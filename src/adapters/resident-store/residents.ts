import type { PushTarget } from '../../ports/push.js'
import type { Binding, Device } from '../../ports/store.js'

/** Everything that is stored of one user; also of one who has nothing. Devices and bindings in the port's order. */
interface Resident {
  devices: readonly Device[]
  bindings: readonly Binding[]
}

/**
 * Users in memory, each of them whole or not at all: who is here needs no question to the database, and neither does
 * a device or an address that one of them has.
 */
export class Residents {
  /** The least recently used first. */
  readonly #users = new Map<string, Resident>()
  readonly #userOfDevice = new Map<string, string>()
  readonly #deviceOfPush = new Map<string, string>()
  readonly #userOfBinding = new Map<string, string>()

  get size(): number {
    return this.#users.size
  }

  has(user: string): boolean {
    return this.#users.has(user)
  }

  /** Makes the user the most recently used. */
  touch(user: string): void {
    const resident = this.#users.get(user)
    if (resident === undefined) return
    this.#users.delete(user)
    this.#users.set(user, resident)
  }

  devicesOf(user: string): readonly Device[] {
    return this.#users.get(user)?.devices ?? []
  }

  bindingsOf(user: string): readonly Binding[] {
    return this.#users.get(user)?.bindings ?? []
  }

  device(id: string): Device | null {
    const user = this.#userOfDevice.get(id)
    return (user === undefined ? undefined : this.devicesOf(user).find((device) => device.id === id)) ?? null
  }

  binding(id: string): Binding | null {
    const user = this.#userOfBinding.get(id)
    const all = user === undefined ? [] : this.bindingsOf(user)
    return all.find(({ bindingId }) => bindingId === id) ?? null
  }

  /** The device that has the push address. */
  owner(push: PushTarget): Device | null {
    const id = this.#deviceOfPush.get(pushKey(push))
    return id === undefined ? null : this.device(id)
  }

  /** Takes in a user who is not here. */
  install(user: string, devices: readonly Device[], bindings: readonly Binding[]): void {
    this.#users.set(user, { devices: [], bindings: [] })
    for (const device of devices) this.putDevice(device)
    for (const binding of bindings) this.putBinding(binding)
  }

  /** The user of the device is here. */
  putDevice(device: Device): void {
    this.#dropDevice(device.id)
    const resident = this.#at(device.user)
    resident.devices = inserted(resident.devices, device, byAge)
    this.#userOfDevice.set(device.id, device.user)
    if (device.push !== null) this.#deviceOfPush.set(pushKey(device.push), device.id)
  }

  /** The user of the binding is here. */
  putBinding(binding: Binding): void {
    this.removeBinding(binding.bindingId)
    const resident = this.#at(binding.user)
    resident.bindings = inserted(resident.bindings, binding, byRegistration)
    this.#userOfBinding.set(binding.bindingId, binding.user)
  }

  removeBinding(id: string): void {
    const user = this.#userOfBinding.get(id)
    if (user === undefined) return
    const resident = this.#at(user)
    resident.bindings = resident.bindings.filter(({ bindingId }) => bindingId !== id)
    this.#userOfBinding.delete(id)
  }

  /** Sends the user away; the database is asked when somebody asks for him again. */
  forget(user: string): void {
    const resident = this.#users.get(user)
    if (resident === undefined) return
    for (const { id } of resident.devices) this.#dropDevice(id)
    for (const { bindingId } of resident.bindings) this.#userOfBinding.delete(bindingId)
    this.#users.delete(user)
  }

  /** Sends the least recently used away until `most` are left, but for those who must stay. */
  shrink(most: number, mustStay: ReadonlySet<string>): void {
    let surplus = this.#users.size - most
    if (surplus <= 0) return
    for (const user of this.#users.keys()) {
      if (!mustStay.has(user)) this.forget(user)
      surplus -= 1
      if (surplus <= 0) return
    }
  }

  /** Drops the bindings that have expired at `now`, but for those that must stay. */
  dropExpired(now: number, mustStay: (bindingId: string) => boolean): void {
    for (const { bindings } of this.#users.values()) {
      for (const { bindingId, expiresAt } of bindings) {
        if (expiresAt <= now && !mustStay(bindingId)) this.removeBinding(bindingId)
      }
    }
  }

  #dropDevice(id: string): void {
    const before = this.device(id)
    if (before === null) return
    const resident = this.#at(before.user)
    resident.devices = resident.devices.filter((device) => device !== before)
    this.#userOfDevice.delete(id)
    if (before.push === null) return
    const key = pushKey(before.push)
    if (this.#deviceOfPush.get(key) === id) this.#deviceOfPush.delete(key)
  }

  #at(user: string): Resident {
    const resident = this.#users.get(user)
    if (resident === undefined) throw new Error(`the user ${user} is not in memory`)
    return resident
  }
}

/** An address without a parameter is the one with an empty parameter, as in the database. */
function pushKey({ provider, token, param = '' }: PushTarget): string {
  return `${provider}\n${param}\n${token}`
}

function inserted<T>(list: readonly T[], item: T, order: (a: T, b: T) => number): readonly T[] {
  return list.length === 0 ? [item] : [...list, item].sort(order)
}

function byAge(a: Device, b: Device): number {
  return a.createdAt - b.createdAt || compare(a.id, b.id)
}

function byRegistration(a: Binding, b: Binding): number {
  return a.registeredAt - b.registeredAt || compare(a.bindingId, b.bindingId)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
