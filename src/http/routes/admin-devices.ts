import { viewDevice } from '../../observe/views.js'
import type { DeviceStore } from '../../ports/store.js'
import type { Route } from '../route.js'

export interface AdminDevicesOptions {
  readonly guard: NonNullable<Route['guard']>
  readonly store: Pick<DeviceStore, 'listDevices'>
}

/** Every device that has registered, without its whole push token. */
export function adminDevices({ guard, store }: AdminDevicesOptions): Route {
  return {
    url: '/v1/admin/devices',
    guard,
    methods: {
      GET: async () => {
        const devices = await store.listDevices()
        return { devices: devices.map(viewDevice) }
      },
    },
  }
}
