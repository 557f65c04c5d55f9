import { DeviceDraft } from './device-draft.js'
import { flowIdentity } from './flow.js'
import { removedBy, replacedBy } from './match.js'
import { refuse, type Refusal } from './refusal.js'
import type { RequestedContact } from './contact.js'
import type { CurrentState, DecisionContext } from './decision.js'
import type { GrantedContact } from './expiry.js'
import type { RegisterRequest } from './request.js'
import type { Binding, Device } from '../ports/store.js'

/** The bindings of one REGISTER, as they are to become. Thrown away whole where one step refuses. */
export class BindingDraft {
  readonly devices: DeviceDraft
  readonly put: Binding[] = []
  readonly removed: Binding[] = []
  readonly evicted: Binding[] = []
  #untouched: readonly Binding[]

  constructor(
    private readonly request: RegisterRequest,
    private readonly state: CurrentState,
    private readonly context: DecisionContext,
  ) {
    this.devices = new DeviceDraft(request, state, context)
    this.#untouched = state.bindings
  }

  /** The user's bindings after all this. */
  get current(): readonly Binding[] {
    return [...this.#untouched, ...this.put]
  }

  removeAll(): Refusal | undefined {
    return this.#take(this.#untouched)
  }

  removeContact(contact: RequestedContact): Refusal | undefined {
    return this.#take(removedBy(contact, this.request.callId, this.#untouched))
  }

  putContact({ contact, seconds }: GrantedContact): Refusal | undefined {
    if (this.devices.contradicts(contact)) {
      return refuse(403, 'Forbidden', { why: 'the token is for another device' })
    }
    const device = this.devices.claim(contact, replacedBy(contact, null, this.#untouched))
    const replaced = replacedBy(contact, device?.id ?? null, this.#untouched)
    const refusal = this.#take(replaced)
    if (refusal) return refusal
    // The first one lives on under its id.
    const id = replaced[0]?.bindingId ?? this.context.ids()
    const continued = this.removed.findIndex((binding) => binding.bindingId === id)
    if (continued >= 0) this.removed.splice(continued, 1)
    if (device) this.devices.moved(device)
    this.put.push(this.#binding(id, contact, seconds, device))
    return undefined
  }

  /** What follows from the whole request: lost devices, and what is too many. */
  settle(leaving: readonly RequestedContact[]): void {
    for (const contact of leaving) {
      const device = this.devices.leaving(contact)
      // Its other bindings say that the app is still there: it only gave an old address back.
      const present = this.current.some((binding) => binding.deviceId === device?.id)
      if (device && !present) this.devices.unregister(device)
    }
    this.devices.retireSurplus()
    // An app that went to another user or device takes no calls under its former name.
    const moved = new Set(
      this.devices.retirements
        .filter(({ reason }) => reason === 'registered anew')
        .map(({ device }) => device.id),
    )
    this.#drop(this.#untouched.filter(({ deviceId }) => moved.has(deviceId ?? '')))
    this.removed.push(...this.state.foreignBindings.filter(({ deviceId }) => moved.has(deviceId ?? '')))
    this.#evict()
  }

  #evict(): void {
    const surplus = this.current.length - this.context.bounds.maxBindings
    const oldest = [...this.#untouched].sort((a, b) => a.registeredAt - b.registeredAt)
    this.evicted.push(...oldest.slice(0, Math.max(0, surplus)))
    this.#drop(this.evicted)
  }

  /** RFC 3261 §10.3: within one Call-ID a request that is not newer than the binding is out of order. */
  #take(bindings: readonly Binding[]): Refusal | undefined {
    const { callId, cseq } = this.request
    const newer = bindings.find((binding) => binding.callId === callId && binding.cseq >= cseq)
    if (newer) return refuse(400, 'CSeq Out Of Order', { why: `CSeq ${cseq} after ${newer.cseq}` })
    this.#drop(bindings)
    return undefined
  }

  #drop(bindings: readonly Binding[]): void {
    this.removed.push(...bindings)
    this.#untouched = this.#untouched.filter((binding) => !bindings.includes(binding))
  }

  #binding(id: string, contact: RequestedContact, seconds: number, device: Device | undefined): Binding {
    const { callId, cseq, source, gateway, userAgent } = this.request
    const { user, now, region } = this.context
    const { dial: uri, instance, regId, q, header: contactHeader } = contact
    return {
      bindingId: id,
      user,
      deviceId: device?.id ?? null,
      instance,
      regId,
      uri,
      q,
      contactHeader,
      callId,
      cseq,
      source,
      gateway,
      userAgent,
      flow: flowIdentity(source, callId),
      registeredAt: now,
      expiresAt: now + seconds * 1_000_000,
      ...(region === undefined ? {} : { region }),
    }
  }
}
