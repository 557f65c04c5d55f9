import { StoreUnavailable } from '../../src/ports/store.js'
import type { Ending } from '../../src/call/ending.js'
import type { PushTarget } from '../../src/ports/push.js'
import type { Binding, CallEventRecord, CallRecord, Device, Store } from '../../src/ports/store.js'

/** The store's contract in memory. What goes in and comes out is copied, as a database would. */
export class FakeStore implements Store {
  readonly #devices = new Map<string, Device>()
  readonly #bindings = new Map<string, Binding>()
  readonly #calls = new Map<string, CallRecord>()
  readonly #events = new Map<string, CallEventRecord[]>()
  #failing: (method: keyof Store) => boolean = () => false
  #delay: () => Promise<void> = () => Promise.resolve()

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
    this.#devices.set(device.id, structuredClone(device))
  }

  async device(id: string): Promise<Device | null> {
    await this.#enter('device')
    return structuredClone(this.#devices.get(id) ?? null)
  }

  async devicesOf(user: string): Promise<readonly Device[]> {
    await this.#enter('devicesOf')
    return structuredClone([...this.#devices.values()].filter((device) => device.user === user))
  }

  async deviceByPush(push: PushTarget): Promise<Device | null> {
    await this.#enter('deviceByPush')
    return this.#latest((device) => owns(device, push))
  }

  async deviceByInstance(user: string, instance: string): Promise<Device | null> {
    await this.#enter('deviceByInstance')
    return this.#latest((device) => device.user === user && device.instance === instance)
  }

  async retirePush(deviceId: string, push: PushTarget, reason: string, at: number): Promise<boolean> {
    await this.#enter('retirePush')
    const device = this.#devices.get(deviceId)
    if (!device || !owns(device, push)) return false
    this.#devices.set(deviceId, { ...device, push: null, retired: { at, reason } })
    return true
  }

  async listDevices(): Promise<readonly Device[]> {
    await this.#enter('listDevices')
    return structuredClone([...this.#devices.values()])
  }

  async writeBindings(change: { put: readonly Binding[]; remove: readonly string[] }): Promise<void> {
    await this.#enter('writeBindings')
    for (const id of change.remove) this.#bindings.delete(id)
    for (const binding of change.put) this.#bindings.set(binding.bindingId, structuredClone(binding))
  }

  async bindingsOf(user: string, now: number): Promise<readonly Binding[]> {
    await this.#enter('bindingsOf')
    const live = [...this.#bindings.values()].filter(
      (binding) => binding.user === user && binding.expiresAt > now,
    )
    return structuredClone(live)
  }

  async dropExpired(now: number): Promise<number> {
    await this.#enter('dropExpired')
    const expired = [...this.#bindings.values()].filter((binding) => binding.expiresAt <= now)
    for (const binding of expired) this.#bindings.delete(binding.bindingId)
    return expired.length
  }

  async saveCalls(calls: readonly CallRecord[], events: readonly CallEventRecord[]): Promise<void> {
    await this.#enter('saveCalls')
    for (const call of calls) this.#calls.set(call.id, structuredClone(call))
    for (const event of events) {
      const journal = (this.#events.get(event.callId) ?? []).filter((other) => other.seq !== event.seq)
      journal.push(structuredClone(event))
      this.#events.set(
        event.callId,
        journal.sort((a, b) => a.seq - b.seq),
      )
    }
  }

  async call(id: string): Promise<{ call: CallRecord; events: readonly CallEventRecord[] } | null> {
    await this.#enter('call')
    const call = this.#calls.get(id)
    return call ? structuredClone({ call, events: this.#events.get(id) ?? [] }) : null
  }

  async recentCalls(limit: number): Promise<readonly CallRecord[]> {
    await this.#enter('recentCalls')
    const newestFirst = [...this.#calls.values()].sort((a, b) => b.startedAt - a.startedAt)
    return structuredClone(newestFirst.slice(0, limit))
  }

  async endInterrupted(ending: Ending, at: number): Promise<readonly string[]> {
    await this.#enter('endInterrupted')
    const open = [...this.#calls.values()].filter((call) => call.ending === null)
    for (const call of open)
      this.#calls.set(call.id, { ...call, ending: structuredClone(ending), endedAt: at })
    return open.map((call) => call.id)
  }

  async ping(): Promise<void> {
    await this.#enter('ping')
  }

  close(): Promise<void> {
    this.#failing = () => true
    return Promise.resolve()
  }

  /** Where two devices claim one token or instance for a moment, it is the one's that was seen last. */
  #latest(claims: (device: Device) => boolean): Device | null {
    const [found] = [...this.#devices.values()].filter(claims).sort((a, b) => b.seenAt - a.seenAt)
    return structuredClone(found ?? null)
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
