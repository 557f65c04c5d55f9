import type { PushTarget } from './push.js'
import type { BindingStore, Device, DeviceStore, RegistrationChange, Registrations } from './store.js'

/** {@link RegistrationStore.registrations} of the store's other methods: for a store that has everything at hand. */
export async function registrationsOf(
  store: Pick<DeviceStore & BindingStore, 'bindingsOf' | 'devicesOf' | 'deviceByPush'>,
  user: string,
  pushes: readonly PushTarget[],
  now: number,
): Promise<Registrations> {
  const [bindings, devices, found] = await Promise.all([
    store.bindingsOf(user, now),
    store.devicesOf(user),
    Promise.all(pushes.map((push) => store.deviceByPush(push))),
  ])
  const owners = found.filter((device): device is Device => device !== null)
  const others = [...new Set(owners.map((owner) => owner.user))].filter((other) => other !== user)
  const foreign = await Promise.all(others.map((other) => store.bindingsOf(other, now)))
  const ids = new Set(owners.map((owner) => owner.id))
  const foreignBindings = foreign.flat().filter(({ deviceId }) => ids.has(deviceId ?? ''))
  return { bindings, devices, owners, foreignBindings }
}

/** {@link RegistrationStore.register} of the store's other methods. */
export async function registerWith(
  store: Pick<DeviceStore & BindingStore, 'retirePush' | 'putDevice' | 'writeBindings'>,
  { retire, devices, put, remove }: RegistrationChange,
): Promise<void> {
  for (const { deviceId, push, reason, at } of retire) await store.retirePush(deviceId, push, reason, at)
  for (const device of devices) await store.putDevice(device)
  if (put.length + remove.length > 0) await store.writeBindings({ put, remove })
}
