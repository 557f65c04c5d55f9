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
   * The device that a contact belongs to: made or refreshed where it has a push address, else looked up by its
   * instance. A contact without push parameters changes no device: its token may have come another way.
   */
  claim(contact: RequestedContact, continued: readonly Binding[]): Device | undefined {
    const push = pushTargetOf(contact, this.request, this.context.pushProviders)
    const known = this.#byInstance(contact)
    if (!push) return known
    const owner = this.#ownerOf(push)
    const own = owner?.user === this.context.user ? owner : undefined
    const device = known ?? own ?? this.#ofBinding(contact, continued) ?? this.#make()
    // RFC 8599 §5.3: an address is one device's. On another user's hands it is an app where somebody else logged in.
    if (owner && owner.id !== device.id) this.#retire(owner, owner.push ?? push, 'registered anew')
    const instance = contact.instance ?? device.instance
    return this.#write({ ...device, push, instance, retired: null, seenAt: this.context.now })
  }

  /** The user's device behind a contact that leaves with its push address. */
  leaving(contact: RequestedContact): Device | undefined {
    const push = pushTargetOf(contact, this.request, this.context.pushProviders)
    const owner = push && this.#ownerOf(push)
    return owner?.user === this.context.user ? owner : undefined
  }

  /** RFC 8599 §5.5: no push to an address that its device took back. */
  unregister(device: Device): void {
    if (device.push) this.#retire(device, device.push, 'unregistered')
  }

  /** Retires the tokens that were seen longest ago, until no more are live than may be. */
  retireSurplus(): void {
    const live = [...this.#devices.values()].filter((device) => device.push !== null)
    const idle = live.filter((device) => !this.#written.has(device.id)).sort((a, b) => a.seenAt - b.seenAt)
    for (const device of idle.slice(0, Math.max(0, live.length - this.context.bounds.maxDevices))) {
      if (device.push) this.#retire(device, device.push, 'too many devices')
    }
  }

  #byInstance({ instance }: RequestedContact): Device | undefined {
    if (instance === null) return undefined
    const claimants = [...this.#devices.values()].filter((device) => device.instance === instance)
    return claimants.sort((a, b) => b.seenAt - a.seenAt)[0]
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

  /** The device of a binding that the contact continues: how an app without an instance is known after a 410. */
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
