import { pushKey } from './push-params.js'
import { pushTargetOf } from './push-providers.js'
import type { Acceptance, CurrentState } from './decision.js'
import type { RegisterRequest } from './request.js'
import type { PushTarget } from '../ports/push.js'
import type { BindingStore, DeviceStore } from '../ports/store.js'

export type RegistrarStore = DeviceStore & BindingStore

/** The push addresses that a request makes or refreshes. */
export function pushTargets(request: RegisterRequest, providers: ReadonlySet<string>): readonly PushTarget[] {
  const contacts = request.contacts === '*' ? [] : request.contacts
  const targets = contacts.map((contact) => pushTargetOf(contact, request, providers))
  return targets.filter((target) => target !== undefined)
}

/** What must not change while a request is decided and written: the user, and each push address. */
export function lockKeys(user: string, targets: readonly PushTarget[]): readonly string[] {
  return [userKey(user), ...targets.map((target) => `push ${pushKey(target)}`)]
}

export function userKey(user: string): string {
  return `user ${user}`
}

/** Rejects with StoreUnavailable. */
export async function loadState(
  store: RegistrarStore,
  user: string,
  targets: readonly PushTarget[],
  now: number,
): Promise<CurrentState> {
  const [bindings, devices, found] = await Promise.all([
    store.bindingsOf(user, now),
    store.devicesOf(user),
    Promise.all(targets.map((target) => store.deviceByPush(target))),
  ])
  const owners = found.filter((device) => device !== null)
  const others = [...new Set(owners.map((owner) => owner.user))].filter((other) => other !== user)
  const foreign = await Promise.all(others.map((other) => store.bindingsOf(other, now)))
  const ids = new Set(owners.map((owner) => owner.id))
  const foreignBindings = foreign.flat().filter(({ deviceId }) => ids.has(deviceId ?? ''))
  return { bindings, devices, owners, foreignBindings }
}

/**
 * Rejects with StoreUnavailable. The bindings come last, in one transaction: what a failure leaves behind are
 * devices that are known but not registered, which the next REGISTER finds again.
 */
export async function writeAcceptance(
  store: RegistrarStore,
  accepted: Acceptance,
  now: number,
): Promise<void> {
  for (const { device, push, reason } of accepted.retirements) {
    await store.retirePush(device.id, push, reason, now)
  }
  for (const device of accepted.devices) await store.putDevice(device)
  const remove = accepted.removed.map((binding) => binding.bindingId)
  if (accepted.put.length > 0 || remove.length > 0) await store.writeBindings({ put: accepted.put, remove })
}

/**
 * A decision that takes the place of one whose writing failed half-way: tokens that were retired by then are not seen
 * any more, and what follows from that is still to be done.
 */
export function withHalfDone(decision: Acceptance, failed: Acceptance | undefined): Acceptance {
  if (failed === undefined) return decision
  const again = new Set(decision.retirements.map(({ device }) => device.id))
  const kept = new Set([...decision.put, ...decision.removed].map(({ bindingId }) => bindingId))
  return {
    ...decision,
    retirements: [
      ...failed.retirements.filter(({ device }) => !again.has(device.id)),
      ...decision.retirements,
    ],
    removed: [...failed.removed.filter(({ bindingId }) => !kept.has(bindingId)), ...decision.removed],
  }
}
