import type { Bus } from '../../ports/bus.js'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import type { PushTarget } from '../../ports/push.js'
import {
  type Binding,
  type BindingStore,
  canBeWoken,
  type Device,
  type DeviceStore,
  StoreConflict,
} from '../../ports/store.js'

export interface DevicesOptions {
  readonly store: Pick<DeviceStore, 'device' | 'devicesOf' | 'deviceByPush' | 'putDevice' | 'retirePush'> &
    Pick<BindingStore, 'bindingsOf' | 'writeBindings'>
  readonly bus: Pick<Bus, 'publish'>
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
  /** Names of the configured push services; asked at each request. */
  readonly pushProviders: () => ReadonlySet<string>
  /** Devices of one user that can be woken; the one seen longest ago is retired for a new one. Default 10. */
  readonly maxDevices?: number
}

/** A device as its app describes it. */
export interface DeviceDraft {
  /** Null where the app has no push token, and lives by its channel. */
  readonly push: PushTarget | null
  /** No INVITE is sent to it: it is told of a call, and comes by its own. */
  readonly callsIn?: true
  /** `+sip.instance` that the app registers with, without the angle brackets. */
  readonly instance?: string
}

export type PutResult =
  | { readonly kind: 'stored'; readonly device: Device; readonly created: boolean }
  | { readonly kind: 'refused'; readonly why: DeviceRefusal }

export type DeviceRefusal =
  | 'unknown-provider'
  /** Another user has a device with this id. */
  | 'foreign-device'
  /** Another user's device has this push address. */
  | 'foreign-address'
  /** Others kept changing the same device. */
  | 'contended'

/** Devices that apps make by API: their push token need not travel in SIP, or they have none. Rejects with StoreUnavailable. */
export interface Devices {
  /** Makes or changes the device; a device that is the same app install under another id gives way to it. */
  put(user: string, id: string, draft: DeviceDraft): Promise<PutResult>
  /** No push to the device any more, and its registrations are of no device; false where the user has none such. */
  retire(user: string, id: string): Promise<boolean>
}

/** How often a change is decided anew because another node was faster. */
const MOST_ATTEMPTS = 4

export function createDevices(options: DevicesOptions): Devices {
  const { store, bus, clock, log, maxDevices = 10 } = options

  async function tryPut(user: string, id: string, draft: DeviceDraft): Promise<PutResult> {
    const { push, callsIn, instance } = draft
    const [known, owner, all] = await Promise.all([
      store.device(id),
      push === null ? null : store.deviceByPush(push),
      store.devicesOf(user),
    ])
    if (known !== null && known.user !== user) return { kind: 'refused', why: 'foreign-device' }
    if (owner !== null && owner.user !== user) return { kind: 'refused', why: 'foreign-address' }
    const others = all.filter((device) => device.id !== id)
    const same = others.filter(
      (device) => device.id === owner?.id || (instance !== undefined && device.instance === instance),
    )
    for (const device of same) await retire(device, 'registered anew')
    const now = clock.now()
    const device: Device = {
      ...{ id, user, push, retired: null, seenAt: now },
      ...(callsIn === undefined ? {} : { callsIn }),
      ...(known?.region === undefined ? {} : { region: known.region }),
      instance: instance ?? known?.instance ?? null,
      createdAt: known?.createdAt ?? now,
    }
    await store.putDevice(device)
    const gone = new Set(same.map((one) => one.id))
    await rebind(user, now, id, (binding) =>
      binding.deviceId === null
        ? instance !== undefined && binding.instance === instance
        : gone.has(binding.deviceId),
    )
    await retireSurplus(others.filter((other) => !gone.has(other.id)))
    return { kind: 'stored', device, created: known === null }
  }

  async function retireSurplus(others: readonly Device[]): Promise<void> {
    const live = others.filter(canBeWoken).sort((a, b) => a.seenAt - b.seenAt)
    for (const device of live.slice(0, Math.max(0, live.length + 1 - maxDevices))) {
      await retire(device, 'too many devices')
    }
  }

  async function rebind(
    user: string,
    now: number,
    deviceId: string | null,
    which: (binding: Binding) => boolean,
  ): Promise<void> {
    const put = (await store.bindingsOf(user, now)).filter(which).map((binding) => ({ ...binding, deviceId }))
    if (put.length > 0) await store.writeBindings({ put, remove: [] })
  }

  async function retire(device: Device, reason: string): Promise<void> {
    const { id, user, push } = device
    if (!canBeWoken(device)) return
    const at = clock.now()
    if (push === null) await store.putDevice({ ...device, retired: { at, reason } })
    else if (!(await store.retirePush(id, push, reason, at))) return
    const about = { deviceId: id, user, provider: push?.provider ?? null, reason }
    log.info(about, push === null ? 'device retired' : 'push token retired')
    try {
      await bus.publish({ type: 'device-retired', user, deviceId: id, reason })
    } catch (error) {
      log.error({ ...about, err: error }, 'the bus did not take a retired device')
    }
  }

  /** With the configured name of its push service. */
  function configured(push: PushTarget): PushTarget | undefined {
    const provider = providerOf(push.provider, options.pushProviders())
    return provider === undefined ? undefined : { ...push, provider }
  }

  return {
    async put(user, id, draft) {
      const push = draft.push && configured(draft.push)
      if (push === undefined) return { kind: 'refused', why: 'unknown-provider' }
      const provider = push?.provider ?? null
      for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
        try {
          const result = await tryPut(user, id, { ...draft, push })
          if (result.kind === 'stored') log.info({ deviceId: id, user, provider }, 'device stored')
          return result
        } catch (error) {
          if (!(error instanceof StoreConflict)) throw error
        }
      }
      return { kind: 'refused', why: 'contended' }
    },

    async retire(user, id) {
      const device = await store.device(id)
      if (device?.user !== user) return false
      await retire(device, 'deleted')
      await rebind(user, clock.now(), null, (binding) => binding.deviceId === id)
      return true
    },
  }
}

/** The configured name, without regard to case, as where it comes in SIP (RFC 3261 §19.1.4). */
function providerOf(given: string, providers: ReadonlySet<string>): string | undefined {
  if (providers.has(given)) return given
  return [...providers].find((name) => name.toLowerCase() === given.toLowerCase())
}
