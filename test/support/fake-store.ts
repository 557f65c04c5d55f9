import { randomBytes } from 'node:crypto'
import { registerWith, registrationsOf } from '../../src/ports/registering.js'
import { StoreConflict, StoreUnavailable } from '../../src/ports/store.js'
import type { Ending } from '../../src/call/ending.js'
import type { ForwardingRegistration, PrimaryCallRecord } from '../../src/ports/primary-calls.js'
import type { PushTarget } from '../../src/ports/push.js'
import type { Revocation, Revoked } from '../../src/ports/revocations.js'
import type { PresenceChange, PresenceFacts, PresenceRow } from '../../src/ports/presence.js'
import { changeKept, factsOf, type Kept, lapseKept } from './fake-presence.js'
import { type ClientData, emptyClientData, FakeClientStore } from './fake-client-store.js'
import type {
  Binding,
  CallEventRecord,
  CallRecord,
  Device,
  RegistrationChange,
  Registrations,
  Store,
} from '../../src/ports/store.js'

/** What outlives a life of the server. */
interface Data {
  readonly clients: ClientData
  readonly devices: Map<string, Device>
  readonly bindings: Map<string, Binding>
  readonly calls: Map<string, CallRecord>
  readonly events: Map<string, CallEventRecord[]>
  readonly secrets: Map<string, Uint8Array>
  readonly forwardings: Map<string, ForwardingRegistration>
  readonly primaryCalls: Map<string, PrimaryCallRecord>
  readonly presence: Map<string, Kept>
  /** By what was revoked, and the number of its last change. */
  readonly revocations: Map<string, { readonly revocation: Revocation; readonly nth: number }>
  readonly uses: Map<string, { readonly holder: string | undefined; readonly expiresAt: number }>
}

function emptyData(): Data {
  return {
    devices: new Map(),
    bindings: new Map(),
    calls: new Map(),
    events: new Map(),
    secrets: new Map(),
    uses: new Map(),
    revocations: new Map(),
    forwardings: new Map(),
    primaryCalls: new Map(),
    presence: new Map(),
    clients: emptyClientData(),
  }
}

/** The store's contract in memory. What goes in and comes out is copied, as a database would. */
export class FakeStore extends FakeClientStore implements Store {
  readonly #data: Data
  /** Calls that this life of the server has. */
  readonly #own = new Set<string>()
  #failing: (method: keyof Store) => boolean = () => false
  #delay: () => Promise<void> = () => Promise.resolve()

  /** @param before the life before this one: its data stays */
  constructor(before?: FakeStore) {
    const data = before === undefined ? emptyData() : before.#data
    super(data.clients, data.devices)
    this.#data = data
  }

  /** While `failing` says so of a method, it rejects with {@link StoreUnavailable}. */
  failWhile(failing: (method: keyof Store) => boolean): void {
    this.#failing = failing
  }

  /** Every later method waits for what `delay` returns before it acts. */
  delayBy(delay: () => Promise<void>): void {
    this.#delay = delay
  }

  async putDevice(device: Device): Promise<void> {
    await this.#enter('putDevice')
    const owner = [...this.#data.devices.values()].find((other) => owns(other, device.push))
    if (owner && owner.id !== device.id) throw new StoreConflict('the push address is another device’s')
    this.#data.devices.set(device.id, structuredClone(device))
  }

  async device(id: string): Promise<Device | null> {
    await this.#enter('device')
    return structuredClone(this.#data.devices.get(id) ?? null)
  }

  async devicesOf(user: string): Promise<readonly Device[]> {
    await this.#enter('devicesOf')
    return structuredClone([...this.#data.devices.values()].filter((device) => device.user === user))
  }

  async deviceByPush(push: PushTarget): Promise<Device | null> {
    await this.#enter('deviceByPush')
    const owner = [...this.#data.devices.values()].find((device) => owns(device, push))
    return structuredClone(owner ?? null)
  }

  async deviceByInstance(user: string, instance: string): Promise<Device | null> {
    await this.#enter('deviceByInstance')
    const claims = (device: Device) => device.user === user && device.instance === instance
    const [latest] = [...this.#data.devices.values()].filter(claims).sort((a, b) => b.seenAt - a.seenAt)
    return structuredClone(latest ?? null)
  }

  async retirePush(deviceId: string, push: PushTarget, reason: string, at: number): Promise<boolean> {
    await this.#enter('retirePush')
    const device = this.#data.devices.get(deviceId)
    if (!device || !owns(device, push)) return false
    this.#data.devices.set(deviceId, { ...device, push: null, retired: { at, reason } })
    return true
  }

  async setCallsIn(deviceId: string, user: string, callsIn: boolean): Promise<void> {
    await this.#enter('setCallsIn')
    const device = this.#data.devices.get(deviceId)
    if (device?.user !== user) return
    const { callsIn: _, ...rest } = device
    this.#data.devices.set(deviceId, callsIn ? { ...rest, callsIn } : rest)
  }

  async forwarding(subscriber: string): Promise<ForwardingRegistration | null> {
    await this.#enter('forwarding')
    return structuredClone(this.#data.forwardings.get(subscriber) ?? null)
  }

  async putForwarding(registration: ForwardingRegistration): Promise<void> {
    await this.#enter('putForwarding')
    this.#data.forwardings.set(registration.subscriber, structuredClone(registration))
  }

  async savePrimaryCalls(records: readonly PrimaryCallRecord[]): Promise<void> {
    await this.#enter('savePrimaryCalls')
    for (const record of records) this.#data.primaryCalls.set(record.id, structuredClone(record))
  }

  async primaryCall(id: string): Promise<PrimaryCallRecord | null> {
    await this.#enter('primaryCall')
    return structuredClone(this.#data.primaryCalls.get(id) ?? null)
  }

  async changePresence(changes: readonly PresenceChange[], now: number): Promise<readonly PresenceRow[]> {
    await this.#enter('changePresence')
    return changeKept(this.#data.presence, changes, now, this.#own)
  }

  async lapsePresence(now: number): Promise<readonly PresenceRow[]> {
    await this.#enter('lapsePresence')
    return lapseKept(this.#data.presence, now, this.#own)
  }

  async presenceOf(users: readonly string[], now: number): Promise<readonly PresenceFacts[]> {
    await this.#enter('presenceOf')
    const { presence, bindings, devices } = this.#data
    return users.map((user) => factsOf(user, now, { presence, bindings, devices }))
  }

  async listDevices(): Promise<readonly Device[]> {
    await this.#enter('listDevices')
    return structuredClone([...this.#data.devices.values()])
  }

  async devicesIn(region: string, now: number, after: string, limit: number): Promise<readonly Device[]> {
    await this.#enter('devicesIn')
    const bindings = [...this.#data.bindings.values()].filter((b) => b.region === region && b.expiresAt > now)
    const ids = new Set(bindings.map(({ deviceId }) => deviceId))
    const found = [...this.#data.devices.values()]
      .filter((device) => device.push !== null && ids.has(device.id) && device.id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    return structuredClone(found.slice(0, limit))
  }

  async writeBindings(change: { put: readonly Binding[]; remove: readonly string[] }): Promise<void> {
    await this.#enter('writeBindings')
    for (const id of change.remove) this.#data.bindings.delete(id)
    for (const binding of change.put) this.#data.bindings.set(binding.bindingId, structuredClone(binding))
  }

  async bindingsOf(user: string, now: number): Promise<readonly Binding[]> {
    await this.#enter('bindingsOf')
    const live = [...this.#data.bindings.values()].filter(
      (binding) => binding.user === user && binding.expiresAt > now,
    )
    return structuredClone(live)
  }

  async registrations(user: string, pushes: readonly PushTarget[], now: number): Promise<Registrations> {
    await this.#enter('registrations')
    return registrationsOf(this, user, pushes, now)
  }

  async register(change: RegistrationChange): Promise<void> {
    await this.#enter('register')
    return registerWith(this, change)
  }

  async dropExpired(now: number): Promise<number> {
    await this.#enter('dropExpired')
    const expired = [...this.#data.bindings.values()].filter((binding) => binding.expiresAt <= now)
    for (const binding of expired) this.#data.bindings.delete(binding.bindingId)
    return expired.length
  }

  async saveCalls(calls: readonly CallRecord[], events: readonly CallEventRecord[]): Promise<void> {
    await this.#enter('saveCalls')
    for (const call of calls) {
      this.#data.calls.set(call.id, structuredClone(call))
      this.#own.add(call.id)
    }
    for (const event of events) {
      const journal = (this.#data.events.get(event.callId) ?? []).filter((other) => other.seq !== event.seq)
      journal.push(structuredClone(event))
      this.#data.events.set(
        event.callId,
        journal.sort((a, b) => a.seq - b.seq),
      )
    }
  }

  async call(id: string): Promise<{ call: CallRecord; events: readonly CallEventRecord[] } | null> {
    await this.#enter('call')
    const call = this.#data.calls.get(id)
    return call ? structuredClone({ call, events: this.#data.events.get(id) ?? [] }) : null
  }

  async recentCalls(limit: number): Promise<readonly CallRecord[]> {
    await this.#enter('recentCalls')
    const newestFirst = [...this.#data.calls.values()].sort((a, b) => b.startedAt - a.startedAt)
    return structuredClone(newestFirst.slice(0, limit))
  }

  async beat(): Promise<void> {
    await this.#enter('beat')
  }

  async secret(name: string): Promise<Uint8Array> {
    await this.#enter('secret')
    const secret = this.#data.secrets.get(name) ?? randomBytes(32)
    this.#data.secrets.set(name, secret)
    return secret
  }

  async use(jti: string, purpose: string, expiresAt: number, holder?: string): Promise<boolean> {
    await this.#enter('use')
    const key = JSON.stringify([jti, purpose])
    const first = this.#data.uses.get(key)
    if (first) return holder !== undefined && first.holder === holder
    this.#data.uses.set(key, { holder, expiresAt })
    return true
  }

  async dropUses(now: number): Promise<number> {
    await this.#enter('dropUses')
    const expired = [...this.#data.uses].filter(([, { expiresAt }]) => expiresAt <= now)
    for (const [key] of expired) this.#data.uses.delete(key)
    return expired.length
  }

  async revoke(revocation: Revocation): Promise<void> {
    await this.#enter('revoke')
    const { kind, at } = revocation
    const key = JSON.stringify([kind, kind === 'token' ? revocation.id : revocation.client])
    const before = this.#data.revocations.get(key)?.revocation.at ?? at
    const nth = this.#lastRevocation() + 1
    this.#data.revocations.set(key, { revocation: { ...revocation, at: Math.max(before, at) }, nth })
  }

  async revocations(mark: number): Promise<Revoked> {
    await this.#enter('revocations')
    const later = [...this.#data.revocations.values()].filter(({ nth }) => nth > mark)
    return { revocations: later.map(({ revocation }) => revocation), mark: this.#lastRevocation() }
  }

  #lastRevocation(): number {
    return Math.max(0, ...[...this.#data.revocations.values()].map(({ nth }) => nth))
  }

  async endInterrupted(ending: Ending, at: number): Promise<readonly string[]> {
    await this.#enter('endInterrupted')
    const gone = (call: CallRecord) => call.ending === null && !this.#own.has(call.id)
    const open = [...this.#data.calls.values()].filter(gone)
    for (const call of open)
      this.#data.calls.set(call.id, { ...call, ending: structuredClone(ending), endedAt: at })
    return open.map((call) => call.id)
  }

  async ping(): Promise<void> {
    await this.#enter('ping')
  }

  close(): Promise<void> {
    this.#failing = () => true
    return Promise.resolve()
  }

  protected override enter(method: keyof Store): Promise<void> {
    return this.#enter(method)
  }

  async #enter(method: keyof Store): Promise<void> {
    await this.#delay()
    if (this.#failing(method)) throw new StoreUnavailable(`${method}: the store is away`)
  }
}

function owns(device: Device, push: PushTarget | null): boolean {
  const own = device.push
  return (
    !!own && !!push && own.provider === push.provider && own.token === push.token && own.param === push.param
  )
}
