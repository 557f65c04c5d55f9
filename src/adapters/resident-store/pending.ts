import type { StateChange, TokenUse } from '../../ports/backing-store.js'
import type { Binding, Device } from '../../ports/store.js'

interface PendingDevice {
  readonly device: Device
  /** Somebody waits for it to be written. */
  readonly awaited: boolean
  /** The database has, or may have, a row of it. */
  readonly known: boolean
}

interface PendingBinding {
  readonly id: string
  readonly user: string
  /** Null where it is removed. */
  readonly binding: Binding | null
  readonly awaited: boolean
  readonly known: boolean
}

/** What was taken to be written; what is changed while that is under way is another thing, and waits on. */
export interface Batch {
  readonly devices: readonly PendingDevice[]
  readonly bindings: readonly PendingBinding[]
  readonly uses: readonly TokenUse[]
}

/** What waits to be written: the latest state of each row. */
export class Pending {
  readonly #devices = new Map<string, PendingDevice>()
  readonly #bindings = new Map<string, PendingBinding>()
  readonly #uses = new Map<string, TokenUse>()
  /** Of these the database may have what is being written. */
  #underWay = new Set<PendingDevice | PendingBinding>()

  get size(): number {
    return this.#devices.size + this.#bindings.size + this.#uses.size
  }

  device(id: string): Device | undefined {
    return this.#devices.get(id)?.device
  }

  /** Null where it is to be removed; undefined where nothing of it waits. */
  binding(id: string): Binding | null | undefined {
    return this.#bindings.get(id)?.binding
  }

  awaitsDevice(id: string): boolean {
    return this.#devices.get(id)?.awaited === true
  }

  awaitsBinding(id: string): boolean {
    return this.#bindings.get(id)?.awaited === true
  }

  /** Of whom something waits to be written, be it that something goes. */
  users(): ReadonlySet<string> {
    const users = new Set<string>()
    for (const { device } of this.#devices.values()) users.add(device.user)
    for (const { user } of this.#bindings.values()) users.add(user)
    return users
  }

  *devices(): Iterable<Device> {
    for (const { device } of this.#devices.values()) yield device
  }

  /** Those that are put. */
  *bindings(): Iterable<Binding> {
    for (const { binding } of this.#bindings.values()) if (binding !== null) yield binding
  }

  /** @param known whether the database has a row of it, for all that this process has written or read */
  putDevice(device: Device, awaited: boolean, known: boolean): void {
    const before = this.#devices.get(device.id)
    this.#devices.set(device.id, {
      device,
      awaited: awaited || before?.awaited === true,
      known: before === undefined ? known : this.#mayBeKnown(before),
    })
  }

  putBinding(binding: Binding, awaited: boolean, known: boolean): void {
    const { bindingId: id, user } = binding
    this.#setBinding({ id, user, binding, awaited, known })
  }

  removeBinding(id: string, user: string, awaited: boolean, known: boolean): void {
    const before = this.#bindings.get(id)
    // What never came to the database need not leave it.
    if (before !== undefined && !this.#mayBeKnown(before)) this.#bindings.delete(id)
    else this.#setBinding({ id, user, binding: null, awaited, known })
  }

  use(key: string, use: TokenUse): void {
    this.#uses.set(key, use)
  }

  /** Takes what somebody waits for, or everything. It still counts as waiting. */
  take(which: 'awaited' | 'everything'): Batch {
    const all = which === 'everything'
    const batch = {
      devices: [...this.#devices.values()].filter(({ awaited }) => all || awaited),
      bindings: [...this.#bindings.values()].filter(({ awaited }) => all || awaited),
      uses: all ? [...this.#uses.values()] : [],
    }
    for (const item of [...batch.devices, ...batch.bindings]) this.#underWay.add(item)
    return batch
  }

  /** The batch is written, or never will be. What has been changed since waits on. */
  done({ devices, bindings, uses }: Batch): void {
    for (const item of devices) settle(this.#devices, item.device.id, item)
    for (const item of bindings) settle(this.#bindings, item.id, item)
    for (const use of uses) settle(this.#uses, useKey(use.jti, use.purpose), use)
  }

  /** The batch could not be written, or not for certain. */
  failed({ devices, bindings }: Batch): void {
    for (const item of devices) {
      if (this.#devices.get(item.device.id) === item)
        this.#devices.set(item.device.id, { ...item, known: true })
    }
    for (const item of bindings) {
      if (this.#bindings.get(item.id) === item) this.#bindings.set(item.id, { ...item, known: true })
    }
  }

  /** The turn of writing is over, however it went. */
  settled(): void {
    this.#underWay = new Set()
  }

  #setBinding(item: PendingBinding): void {
    const before = this.#bindings.get(item.id)
    const known = before === undefined ? item.known : this.#mayBeKnown(before)
    this.#bindings.set(item.id, { ...item, awaited: item.awaited || before?.awaited === true, known })
  }

  #mayBeKnown(item: PendingDevice | PendingBinding): boolean {
    return item.known || this.#underWay.has(item)
  }
}

export function useKey(jti: string, purpose: string): string {
  return `${purpose}\n${jti}`
}

export function isEmpty({ devices, bindings, uses }: Batch): boolean {
  return devices.length === 0 && bindings.length === 0 && uses.length === 0
}

export function changeOf({ devices, bindings, uses }: Batch): StateChange {
  return {
    // Whatever is changed of a device that somebody waits for, its address may be.
    released: devices.filter(({ awaited, known }) => awaited && known).map(({ device }) => device.id),
    devices: devices.map(({ device }) => device),
    remove: bindings.filter(({ binding }) => binding === null).map(({ id }) => id),
    put: bindings.flatMap(({ binding }) => (binding === null ? [] : [binding])),
    uses,
  }
}

/** The batch in pieces, one a user; those who give up a push address come before those who may take it. */
export function piecesOf({ devices, bindings, uses }: Batch): Map<string, Batch> {
  const pieces = new Map<string, { devices: PendingDevice[]; bindings: PendingBinding[]; uses: TokenUse[] }>()
  const of = (user: string) => {
    const piece = pieces.get(user) ?? { devices: [], bindings: [], uses: [] }
    pieces.set(user, piece)
    return piece
  }
  for (const { device } of devices) if (device.push === null) of(device.user)
  for (const item of devices) of(item.device.user).devices.push(item)
  for (const item of bindings) of(item.user).bindings.push(item)
  for (const use of uses) of(`token ${useKey(use.jti, use.purpose)}`).uses.push(use)
  return pieces
}

function settle<T>(items: Map<string, T>, key: string, item: T): void {
  if (items.get(key) === item) items.delete(key)
}
