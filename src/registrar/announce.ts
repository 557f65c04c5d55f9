import { describePush } from './push-params.js'
import type { Acceptance } from './decision.js'
import type { Bus, BusMessage } from '../ports/bus.js'
import type { Log } from '../ports/log.js'

/**
 * Logs an accepted REGISTER and tells the other parts. A binding is told only where its 2xx left (`answered`): it
 * is what releases a waiting INVITE. What is gone, registration or token, is gone either way. Never rejects.
 */
export async function announce(
  accepted: Acceptance,
  answered: boolean,
  { bus, log, about }: { readonly bus: Pick<Bus, 'publish'>; readonly log: Log; readonly about: object },
): Promise<void> {
  const { put, removed, evicted, retirements } = accepted
  log.info({ registered: put.length, removed: removed.length, ...about }, 'REGISTER accepted')
  if (evicted.length > 0) log.warn({ evicted: evicted.length, ...about }, 'user has too many bindings')
  for (const { device, push, reason } of retirements) {
    log.info({ ...about, device: device.id, push: describePush(push), reason }, 'push token retired')
  }
  const publish = async (message: BusMessage) => bus.publish(message)
  for (const outcome of await Promise.allSettled(messagesOf(accepted, answered).map(publish))) {
    if (outcome.status === 'fulfilled') continue
    log.error({ ...about, err: outcome.reason as unknown }, 'the bus did not take a registration')
  }
}

function messagesOf({ put, removed, retirements }: Acceptance, answered: boolean): readonly BusMessage[] {
  const retired = retirements.map(({ device, reason }): BusMessage => {
    return { type: 'device-retired', user: device.user, deviceId: device.id, reason }
  })
  const registered = put.map((binding): BusMessage => ({ type: 'registered', binding }))
  const users = new Set(removed.map((binding) => binding.user))
  const unregistered = [...users].map((user): BusMessage => ({ type: 'unregistered', user }))
  const gone = [...unregistered, ...retired]
  return answered ? [...gone, ...registered] : gone
}
