import type { Kysely, Selectable } from 'kysely'
import type { Device, DeviceStore } from '../../ports/store.js'
import type { PushTarget } from '../../ports/push.js'
import type { DeviceRow, Tables } from './tables.js'

export function deviceStore(db: Kysely<Tables>): DeviceStore {
  const devices = () => db.selectFrom('devices').selectAll()
  // What two devices claim at once, while a token moves between them, belongs to the one that was seen last.
  const latest = () => devices().orderBy('seen_at', 'desc').orderBy('id').limit(1)
  const one = (row: Selectable<DeviceRow> | undefined) => (row === undefined ? null : toDevice(row))

  return {
    async putDevice(device) {
      const row = toRow(device)
      await db
        .insertInto('devices')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute()
    },

    async device(id) {
      return one(await devices().where('id', '=', id).executeTakeFirst())
    },

    async devicesOf(user) {
      const rows = await devices().where('user_name', '=', user).orderBy('created_at').orderBy('id').execute()
      return rows.map(toDevice)
    },

    async deviceByPush(push) {
      const row = await latest()
        .where('push_provider', '=', push.provider)
        .where('push_token', '=', push.token)
        .where('push_param', 'is not distinct from', push.param ?? null)
        .executeTakeFirst()
      return one(row)
    },

    async deviceByInstance(user, instance) {
      const row = await latest()
        .where('user_name', '=', user)
        .where('instance', '=', instance)
        .executeTakeFirst()
      return one(row)
    },

    async retirePush(deviceId, push, reason, at) {
      const { numUpdatedRows } = await db
        .updateTable('devices')
        .set({ ...pushColumns(null), retired_at: at, retired_reason: reason })
        .where('id', '=', deviceId)
        .where('push_provider', '=', push.provider)
        .where('push_token', '=', push.token)
        .where('push_param', 'is not distinct from', push.param ?? null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async listDevices() {
      const rows = await devices().orderBy('user_name').orderBy('created_at').orderBy('id').execute()
      return rows.map(toDevice)
    },
  }
}

function pushColumns(push: PushTarget | null) {
  return {
    push_provider: push?.provider ?? null,
    push_token: push?.token ?? null,
    push_param: push?.param ?? null,
  }
}

function toRow(device: Device): DeviceRow {
  return {
    id: device.id,
    user_name: device.user,
    instance: device.instance,
    ...pushColumns(device.push),
    created_at: device.createdAt,
    seen_at: device.seenAt,
    retired_at: device.retired?.at ?? null,
    retired_reason: device.retired?.reason ?? null,
  }
}

function toDevice(row: Selectable<DeviceRow>): Device {
  return {
    id: row.id,
    user: row.user_name,
    instance: row.instance,
    push: toPush(row),
    createdAt: row.created_at,
    seenAt: row.seen_at,
    retired: row.retired_at === null ? null : { at: row.retired_at, reason: row.retired_reason ?? '' },
  }
}

function toPush(row: Selectable<DeviceRow>): PushTarget | null {
  if (row.push_provider === null || row.push_token === null) return null
  const push = { provider: row.push_provider, token: row.push_token }
  return row.push_param === null ? push : { ...push, param: row.push_param }
}
