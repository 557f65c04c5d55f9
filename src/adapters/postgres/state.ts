import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'
import type { BackingStore, StateChange } from '../../ports/backing-store.js'
import { lastOfEach } from './batch.js'
import { bindingRow, toBinding } from './bindings.js'
import { deviceRow, guardPush, toDevice } from './devices.js'
import { toJson } from './json.js'
import type { BindingRow, DeviceRow, Tables } from './tables.js'

interface Found {
  readonly devices: readonly Selectable<DeviceRow>[]
  readonly bindings: readonly Selectable<BindingRow>[]
}

/**
 * Many users and many changes in one statement each. What is looked up by a list is looked up by the index, whatever the
 * planner makes of the length of the list: in a join it would hash the push addresses of all devices, while they are few.
 */
export function stateStore(db: Kysely<Tables>): Pick<BackingStore, 'loadUsers' | 'writeState' | 'tokenUses'> {
  return {
    async loadUsers({ users, deviceIds, pushes }) {
      const { rows } = await sql<Found>`
        with named as materialized (
          select jsonb_array_elements_text(${toJson(users)}::jsonb) as user_name
          union select user_name from devices
            where id = any (array(select jsonb_array_elements_text(${toJson(deviceIds)}::jsonb)))
          union select owner.user_name
            from jsonb_to_recordset(${toJson(pushes)}::jsonb) as push (provider text, token text, param text),
            lateral (select user_name from devices where push_provider = provider and push_token is not null
              and sha256(replace(push_token, '\\', '\\\\')::bytea) = sha256(replace(token, '\\', '\\\\')::bytea)
              and sha256(replace(coalesce(push_param, ''), '\\', '\\\\')::bytea)
                = sha256(replace(coalesce(param, ''), '\\', '\\\\')::bytea) limit 1) as owner
        )
        select
          (select coalesce(json_agg(devices), '[]') from devices
            where user_name = any (array(select user_name from named))) as devices,
          (select coalesce(json_agg(bindings), '[]') from bindings
            where user_name = any (array(select user_name from named))) as bindings`.execute(db)
      const [found] = rows
      return {
        devices: (found?.devices ?? []).map(toDevice),
        bindings: (found?.bindings ?? []).map(toBinding),
      }
    },

    async writeState(change) {
      await guardPush(sql`select write_state(${toJson(rowsOf(change))}::jsonb)`.execute(db))
    },

    async tokenUses() {
      const rows = await db.selectFrom('token_uses').selectAll().execute()
      return rows.map(({ expires_at: expiresAt, ...use }) => ({ ...use, expiresAt }))
    },
  }
}

/** Without the lists that are empty: nothing is planned or run for them. */
function rowsOf({ released, devices, remove, put, uses }: StateChange): Record<string, readonly unknown[]> {
  const lists = {
    ...{
      released,
      devices: lastOfEach(devices, ({ id }) => id).map(deviceRow),
      remove,
      put: lastOfEach(put, ({ bindingId }) => bindingId).map(bindingRow),
    },
    uses: uses.map(({ expiresAt, ...use }) => ({ ...use, expires_at: expiresAt })),
  }
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))
}
