import { sql } from 'kysely'
import type { Kysely, RawBuilder, Selectable, SqlBool } from 'kysely'
import { StoreConflict } from '../../ports/store.js'
import type { Device, DeviceStore } from '../../ports/store.js'
import type { PushTarget } from '../../ports/push.js'
import { sqlState } from './errors.js'
import type { DeviceRow, Tables } from './tables.js'

const UNIQUE_VIOLATION = '23505'

export function deviceStore(db: Kysely<Tables>): DeviceStore {
  const devices = () => db.selectFrom('devices').selectAll()
  const one = (row: Selectable<DeviceRow> | undefined) => (row === undefined ? null : toDevice(row))

  return {
    async putDevice(device) {
      const row = deviceRow(device)
      await guardPush(
        db
          .insertInto('devices')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute(),
      )
    },

    async device(id) {
      return one(await devices().where('id', '=', id).executeTakeFirst())
    },

    async devicesOf(user) {
      const rows = await devices().where('user_name', '=', user).orderBy('created_at').orderBy('id').execute()
      return rows.map(toDevice)
    },

    async deviceByPush(push) {
      return one(await devices().where(hasPush(push)).executeTakeFirst())
    },

    async deviceByInstance(user, instance) {
      // Two nodes may each have made a device of it: the one that was seen last is in use.
      const row = await devices()
        .where('user_name', '=', user)
        .where('instance', '=', instance)
        .orderBy('seen_at', 'desc')
        .orderBy('id')
        .limit(1)
        .executeTakeFirst()
      return one(row)
    },

    async retirePush(deviceId, push, reason, at) {
      const { numUpdatedRows } = await db
        .updateTable('devices')
        .set({ ...pushColumns(null), retired_at: at, retired_reason: reason })
        .where('id', '=', deviceId)
        .where(hasPush(push))
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async setCallsIn(deviceId, user, callsIn) {
      await db
        .updateTable('devices')
        .set({ calls_in: callsIn })
        .where('id', '=', deviceId)
        .where('user_name', '=', user)
        .execute()
    },

    async listDevices() {
      const rows = await devices().orderBy('user_name').orderBy('created_at').orderBy('id').execute()
      return rows.map(toDevice)
    },

    async devicesIn(region, now, after, limit) {
      const registered = db
        .selectFrom('bindings')
        .select('device_id')
        .where('region', '=', region)
        .where('expires_at', '>', now)
        .where('device_id', 'is not', null)
      const rows = await devices()
        .where('id', 'in', registered)
        .where('push_token', 'is not', null)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(toDevice)
    },
  }
}

/** Settles as the writing of devices does, but for a push address that another device has: {@link StoreConflict}. */
export async function guardPush(writing: Promise<unknown>): Promise<void> {
  try {
    await writing
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error
    throw new StoreConflict('the push address is another device’s', { cause: error })
  }
}

/** As the index has it: an address is looked up by hashes, and is at most one device's. */
function hasPush({ provider, token, param = '' }: PushTarget): RawBuilder<SqlBool> {
  const hash = (value: unknown) => sql`sha256(replace(${value}, '\\', '\\\\')::bytea)`
  return sql<SqlBool>`push_provider = ${provider} and push_token is not null
    and ${hash(sql.ref('push_token'))} = ${hash(token)}
    and ${hash(sql`coalesce(push_param, '')`)} = ${hash(param)}`
}

function pushColumns(push: PushTarget | null) {
  return {
    push_provider: push?.provider ?? null,
    push_token: push?.token ?? null,
    push_param: push?.param ?? null,
  }
}

export function deviceRow(device: Device): DeviceRow {
  return {
    id: device.id,
    user_name: device.user,
    instance: device.instance,
    ...pushColumns(device.push),
    calls_in: device.callsIn === true,
    created_at: device.createdAt,
    seen_at: device.seenAt,
    retired_at: device.retired?.at ?? null,
    retired_reason: device.retired?.reason ?? null,
    region: device.region ?? null,
  }
}

export function toDevice(row: Selectable<DeviceRow>): Device {
  return {
    id: row.id,
    user: row.user_name,
    instance: row.instance,
    push: toPush(row),
    ...(row.calls_in ? { callsIn: true } : {}),
    createdAt: row.created_at,
    seenAt: row.seen_at,
    retired: row.retired_at === null ? null : { at: row.retired_at, reason: row.retired_reason ?? '' },
    ...(row.region === null ? {} : { region: row.region }),
  }
}

function toPush(row: Selectable<DeviceRow>): PushTarget | null {
  if (row.push_provider === null || row.push_token === null) return null
  const push = { provider: row.push_provider, token: row.push_token }
  return row.push_param === null ? push : { ...push, param: row.push_param }
}
