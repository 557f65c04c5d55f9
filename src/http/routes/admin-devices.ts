import { z } from 'zod'
import { deviceView, viewDevice } from '../../observe/views.js'
import type { DeviceStore } from '../../ports/store.js'
import { operation } from '../operation.js'
import type { Route } from '../route.js'

/** Every device that has registered, without its whole push token. */
export function adminDevices(store: Pick<DeviceStore, 'listDevices'>): Route {
  const get = operation({
    id: 'adminListDevices',
    tag: 'admin',
    summary: 'Every device, and whether it can be pushed',
    description: 'Times are microseconds since 1970. Of push tokens the last characters are shown.',
    security: 'admin',
    responses: { 200: { description: 'The devices.', json: z.object({ devices: z.array(deviceView) }) } },
    problems: ['unavailable'],
    async handle() {
      const devices = await store.listDevices()
      return { status: 200, body: { devices: devices.map(viewDevice) } }
    },
  })
  return { url: '/v1/admin/devices', methods: { GET: get } }
}
