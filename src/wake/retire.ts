import type { Bus } from '../ports/bus.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { PushTarget } from '../ports/push.js'
import type { Device, DeviceStore } from '../ports/store.js'

/**
 * Marks a dead push token as such, so that no later call waits for it, and tells everybody. Where the device has a
 * new token by now, that one stays. Never rejects: a store or bus that is away is logged, and the next push to the
 * token will say the same.
 */
export async function retireToken(
  deps: {
    readonly store: Pick<DeviceStore, 'retirePush'>
    readonly bus: Pick<Bus, 'publish'>
    readonly clock: Clock
    readonly log: Log
  },
  device: Device,
  push: PushTarget,
  reason: string,
): Promise<void> {
  const { store, bus, clock, log } = deps
  const fields = { deviceId: device.id, user: device.user, provider: push.provider, reason }
  try {
    if (!(await store.retirePush(device.id, push, reason, clock.now()))) {
      log.debug(fields, 'dead push token is not the device’s any more')
      return
    }
    log.info(fields, 'push token retired')
    await bus.publish({ type: 'device-retired', user: device.user, deviceId: device.id, reason })
  } catch (error) {
    log.error({ err: error, ...fields }, 'push token could not be retired')
  }
}
