import { pushKey } from './push-params.js'
import { pushTargetOf } from './push-providers.js'
import type { RequestedContact } from './contact.js'
import type { CurrentState, DecisionContext, Retirement } from './decision.js'
import type { RegisterRequest } from './request.js'
import type { PushTarget } from '../ports/push.js'
import type { Binding, Device } from '../ports/store.js'

/** The devices of one REGISTER, as they are to become. */
export class DeviceDraft {
  readonly #devices: Map<string, Device>
  readonly #written = new Set<string>()
  /** Devices that the request speaks for: they are there, whatever else is known of them. */
  readonly #present = new Set<string>()
  readonly #retirements: Retirement[] = []

  constructor(
    private readonly request: RegisterRequest,
    private readonly state: CurrentState,
    private readonly context: DecisionContext,
  ) {
    this.#devices = new Map(state.devices.map((device) => [device.id, device]))
  }

  /** Devices to write. */
  get written(): readonly Device[] {
    return [...this.#devices.values()].filter((device) => this.#written.has(device.id))
  }

  get retirements(): readonly Retirement[] {
    return this.#retirements
  }

  /**
   * Whether a contact is plainly another device of the user than the one that the sender proved to be: a token is for
   * one device. One that nobody can push any more says nothing: an app may have been given a new id.
   */
  contradicts(contact: RequestedContact): boolean {
    const proven = this.#proven()
    if (!proven) return false
    const push = this.#pushOf(contact)
    const named = [this.#byInstance(contact), push && this.#ownOf(push)]
    return named.some((device) => device && device.id !== proven.id && device.push !== null)
  }

  /**
   * The device that a contact belongs to: made or refreshed where it has a push address; else the one of its instance,
   * of the sender's token, or of the binding that it continues. A contact without push parameters changes no device:
   * its token may have come another way.
   */
  claim(contact: RequestedContact, continued: readonly Binding[]): Device | undefined {
    const push = this.#pushOf(contact)
    const known = this.#proven() ?? this.#byInstance(contact)
    const device = push
      ? this.#withPush(contact, push, known, continued)
      : (known ?? this.#ofBinding(contact, continued))
    if (device) this.#present.add(device.id)
    return device
  }

  /** The device is in the region of the gateway that it came by. */
  moved(device: Device): void {
    const { region } = this.context
    if (region === undefined || device.region === region) return
    const { region: _, ...rest } = device
    this.#write({ region, ...rest })
  }

  #withPush(
    contact: RequestedContact,
    push: PushTarget,
    known: Device | undefined,
    continued: readonly Binding[],
  ): Device {
    const owner = this.#ownerOf(push)
    const device = known ?? this.#ownOf(push) ?? this.#ofBinding(contact, continued) ?? this.#make()
    // RFC 8599 §5.3: an address is one device's. On another user's hands it is an app where somebody else logged in.
    if (owner && owner.id !== device.id) this.#retire(owner, owner.push ?? push, 'registered anew')
    const instance = contact.instance ?? device.instance
    return this.#write({ ...device, push, instance, retired: null, seenAt: this.context.now })
  }

  /** The user's device behind a contact that leaves with its push address. */
  leaving(contact: RequestedContact): Device | undefined {
    const push = this.#pushOf(contact)
    return push && this.#ownOf(push)
  }

  /** RFC 8599 §5.5: no push to an address that its device took back. */
  unregister(device: Device): void {
    if (device.push) this.#retire(device, device.push, 'unregistered')
  }

  /** Retires the tokens that were seen longest ago, until no more are live than may be. */
  retireSurplus(): void {
    const live = [...this.#devices.values()].filter((device) => device.push !== null)
    const seen = new Map(live.map((device) => [device.id, this.#seenAt(device)]))
    const idle = live
      .filter((device) => !this.#present.has(device.id))
      .sort((a, b) => (seen.get(a.id) ?? 0) - (seen.get(b.id) ?? 0))
    for (const device of idle.slice(0, Math.max(0, live.length - this.context.bounds.maxDevices))) {
      if (device.push) this.#retire(device, device.push, 'too many devices')
    }
  }

  #pushOf(contact: RequestedContact): PushTarget | undefined {
    return pushTargetOf(contact, this.request, this.context.pushProviders)
  }

  /** The device that the sender proved to be; undefined as well where that one is gone. */
  #proven(): Device | undefined {
    return this.#devices.get(this.context.deviceId ?? '')
  }

  /** A device whose push address never was in SIP is seen by its registrations alone. */
  #seenAt({ id, seenAt }: Device): number {
    const bindings = this.state.bindings.filter(({ deviceId }) => deviceId === id)
    return Math.max(seenAt, ...bindings.map(({ registeredAt }) => registeredAt))
  }

  #byInstance({ instance }: RequestedContact): Device | undefined {
    if (instance === null) return undefined
    const claimants = [...this.#devices.values()].filter((device) => device.instance === instance)
    // One that can be pushed is in use, whatever was seen last of the others.
    const inUse = (device: Device) => Number(device.push !== null)
    return claimants.sort((a, b) => inUse(b) - inUse(a) || b.seenAt - a.seenAt)[0]
  }

  #ownOf(push: PushTarget): Device | undefined {
    const owner = this.#ownerOf(push)
    return owner?.user === this.context.user ? owner : undefined
  }

  #ownerOf(push: PushTarget): Device | undefined {
    const key = pushKey(push)
    const owns = (device: Device) => device.push !== null && pushKey(device.push) === key
    const foreign = this.state.owners.filter((device) => device.user !== this.context.user)
    const gone = new Set(this.#retirements.map(({ device }) => device.id))
    return (
      [...this.#devices.values()].find(owns) ?? foreign.find((device) => owns(device) && !gone.has(device.id))
    )
  }

  /** The device of a binding that the contact continues: how an app without an instance is known after a 410, or after its token has expired. */
  #ofBinding(contact: RequestedContact, continued: readonly Binding[]): Device | undefined {
    const device = continued.map(({ deviceId }) => this.#devices.get(deviceId ?? '')).find((found) => found)
    const other =
      contact.instance !== null && device?.instance != null && device.instance !== contact.instance
    return other ? undefined : device
  }

  #make(): Device {
    const { ids, user, now } = this.context
    return { id: ids(), user, instance: null, push: null, createdAt: now, seenAt: now, retired: null }
  }

  #write(device: Device): Device {
    this.#devices.set(device.id, device)
    this.#written.add(device.id)
    return device
  }

  #retire(device: Device, push: PushTarget, reason: Retirement['reason']): void {
    this.#retirements.push({ device, push, reason })
    const own = this.#devices.get(device.id)
    if (own) this.#devices.set(device.id, { ...own, push: null })
  }
}
