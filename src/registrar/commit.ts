import { pushKey } from './push-params.js'
import { pushTargetOf } from './push-providers.js'
import type { Acceptance, CurrentState } from './decision.js'
import type { RegisterRequest } from './request.js'
import type { PushTarget } from '../ports/push.js'
import type { BindingStore, RegistrationStore } from '../ports/store.js'

export type RegistrarStore = RegistrationStore & Pick<BindingStore, 'dropExpired'>

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
export function loadState(
  store: RegistrarStore,
  user: string,
  targets: readonly PushTarget[],
  now: number,
): Promise<CurrentState> {
  return store.registrations(user, targets, now)
}

/** Rejects with StoreUnavailable, or StoreConflict. */
export async function writeAcceptance(
  store: RegistrarStore,
  accepted: Acceptance,
  now: number,
): Promise<void> {
  const { retirements, devices, put, removed } = accepted
  if (retirements.length + devices.length + put.length + removed.length === 0) return
  await store.register({
    retire: retirements.map(({ device, push, reason }) => ({ deviceId: device.id, push, reason, at: now })),
    ...{ devices, put },
    remove: removed.map((binding) => binding.bindingId),
  })
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
