import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'
import type { CallEventRecord, CallRecord, CallStore } from '../../ports/store.js'
import { insertRows, isFilled, lastOfEach } from './batch.js'
import type { CallEventTable, CallTable, Tables } from './tables.js'

/** @param node whose calls are saved here */
export function callStore(db: Kysely<Tables>, node: string): CallStore {
  return {
    async saveCalls(calls, events) {
      await db.transaction().execute(async (transaction) => {
        await putCalls(transaction, calls, node)
        await putEvents(transaction, events)
      })
    },

    async call(id) {
      const row = await db.selectFrom('calls').selectAll().where('id', '=', id).executeTakeFirst()
      if (row === undefined) return null
      const events = await db
        .selectFrom('call_events')
        .selectAll()
        .where('call_id', '=', id)
        .orderBy('seq')
        .execute()
      return { call: toCall(row), events: events.map(toEvent) }
    },

    async recentCalls(limit) {
      const rows = await db
        .selectFrom('calls')
        .selectAll()
        .orderBy('started_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(toCall)
    },
  }
}

/** What a call has once come to is not taken back by a batch that is written late or again. */
async function putCalls(db: Kysely<Tables>, calls: readonly CallRecord[], node: string): Promise<void> {
  const rows = lastOfEach(calls, (call) => call.id).map((call) => toRow(call, node))
  if (!isFilled(rows)) return
  await sql`
    ${insertRows('calls', rows)}
    on conflict (id) do update set
      started_at = excluded.started_at,
      answered_at = coalesce(excluded.answered_at, calls.answered_at),
      ended_at = coalesce(excluded.ended_at, calls.ended_at),
      trunk = excluded.trunk, client = excluded.client, caller = excluded.caller, callee = excluded.callee,
      user_name = coalesce(excluded.user_name, calls.user_name),
      ending = coalesce(excluded.ending, calls.ending), node = excluded.node`.execute(db)
}

async function putEvents(db: Kysely<Tables>, events: readonly CallEventRecord[]): Promise<void> {
  const rows = events.map(({ callId, seq, at, type, data }) => ({ call_id: callId, seq, at, type, data }))
  if (!isFilled(rows)) return
  await sql`${insertRows('call_events', rows)} on conflict (call_id, seq) do nothing`.execute(db)
}

function toRow(call: CallRecord, node: string): Selectable<CallTable> {
  return {
    id: call.id,
    started_at: call.startedAt,
    answered_at: call.answeredAt,
    ended_at: call.endedAt,
    trunk: call.trunk,
    client: call.client,
    caller: call.from,
    callee: call.to,
    user_name: call.user,
    ending: call.ending,
    node,
  }
}

function toCall(row: Selectable<CallTable>): CallRecord {
  return {
    id: row.id,
    startedAt: row.started_at,
    answeredAt: row.answered_at,
    endedAt: row.ended_at,
    trunk: row.trunk,
    client: row.client,
    from: row.caller,
    to: row.callee,
    user: row.user_name,
    ending: row.ending,
  }
}

function toEvent(row: Selectable<CallEventTable>): CallEventRecord {
  return { callId: row.call_id, seq: row.seq, at: row.at, type: row.type, data: row.data }
}
