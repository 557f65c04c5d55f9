import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'
import type { Binding, BindingStore } from '../../ports/store.js'
import { insertRows, isFilled, lastOfEach } from './batch.js'
import type { BindingRow, Tables } from './tables.js'

export function bindingStore(db: Kysely<Tables>): BindingStore {
  return {
    async writeBindings({ put, remove }) {
      // The usual REGISTER changes one binding: one statement is a transaction by itself.
      if (remove.length === 0 || put.length === 0) {
        await removeAll(db, remove)
        await putAll(db, put)
        return
      }
      await db.transaction().execute(async (transaction) => {
        await removeAll(transaction, remove)
        await putAll(transaction, put)
      })
    },

    async bindingsOf(user, now) {
      const rows = await db
        .selectFrom('bindings')
        .selectAll()
        .where('user_name', '=', user)
        .where('expires_at', '>', now)
        .orderBy('registered_at')
        .orderBy('id')
        .execute()
      return rows.map(toBinding)
    },

    async dropExpired(now) {
      const { numDeletedRows } = await db
        .deleteFrom('bindings')
        .where('expires_at', '<=', now)
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}

async function removeAll(db: Kysely<Tables>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await db.deleteFrom('bindings').where('id', 'in', ids).execute()
}

async function putAll(db: Kysely<Tables>, bindings: readonly Binding[]): Promise<void> {
  const rows = lastOfEach(bindings, (binding) => binding.bindingId).map(bindingRow)
  if (!isFilled(rows)) return
  await sql`
    ${insertRows('bindings', rows)}
    on conflict (id) do update set
      user_name = excluded.user_name, device_id = excluded.device_id, instance = excluded.instance,
      reg_id = excluded.reg_id, uri = excluded.uri, flow = excluded.flow, call_id = excluded.call_id,
      cseq = excluded.cseq, gateway = excluded.gateway, region = excluded.region,
      source_protocol = excluded.source_protocol,
      source_address = excluded.source_address, source_port = excluded.source_port, q = excluded.q,
      user_agent = excluded.user_agent, contact_header = excluded.contact_header,
      registered_at = excluded.registered_at, expires_at = excluded.expires_at`.execute(db)
}

export function bindingRow(binding: Binding): BindingRow {
  return {
    id: binding.bindingId,
    user_name: binding.user,
    device_id: binding.deviceId,
    instance: binding.instance,
    reg_id: binding.regId,
    uri: binding.uri,
    flow: binding.flow,
    call_id: binding.callId,
    cseq: binding.cseq,
    gateway: binding.gateway,
    region: binding.region ?? null,
    source_protocol: binding.source.protocol,
    source_address: binding.source.address,
    source_port: binding.source.port,
    q: binding.q,
    user_agent: binding.userAgent,
    contact_header: binding.contactHeader,
    registered_at: binding.registeredAt,
    expires_at: binding.expiresAt,
  }
}

export function toBinding(row: Selectable<BindingRow>): Binding {
  return {
    bindingId: row.id,
    user: row.user_name,
    deviceId: row.device_id,
    instance: row.instance,
    regId: row.reg_id,
    uri: row.uri,
    flow: row.flow,
    callId: row.call_id,
    cseq: row.cseq,
    gateway: row.gateway,
    ...(row.region === null ? {} : { region: row.region }),
    source: { protocol: row.source_protocol, address: row.source_address, port: row.source_port },
    q: row.q,
    userAgent: row.user_agent,
    contactHeader: row.contact_header,
    registeredAt: row.registered_at,
    expiresAt: row.expires_at,
  }
}
