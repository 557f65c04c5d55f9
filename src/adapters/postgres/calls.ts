import { sql } from 'kysely'
import type { Kysely, RawBuilder, Selectable } from 'kysely'
import type { CallEventRecord, CallRecord, CallStore } from '../../ports/store.js'
import { insertRows, isFilled, lastOfEach } from './batch.js'
import type { CallTable, LoggedEvent, Tables } from './tables.js'

/** @param node whose calls are saved here */
export function callStore(db: Kysely<Tables>, node: string): CallStore {
  return {
    async saveCalls(calls, events) {
      const rows = lastOfEach(calls, (call) => call.id).map((call) => toRow(call, node))
      const logs = logsOf(events)
      // One statement is a transaction by itself.
      if (isFilled(rows) && isFilled(logs)) {
        await sql`with called as (${putCalls(rows)}) ${putLogs(logs)}`.execute(db)
      } else if (isFilled(rows)) await putCalls(rows).execute(db)
      else if (isFilled(logs)) await putLogs(logs).execute(db)
    },

    async call(id) {
      const row = await db.selectFrom('calls').selectAll().where('id', '=', id).executeTakeFirst()
      if (row === undefined) return null
      const logs = await db
        .selectFrom('call_logs')
        .select('events')
        .where('call_id', '=', id)
        .orderBy('first')
        .execute()
      return {
        call: toCall(row),
        events: eventsOf(
          id,
          logs.flatMap(({ events }) => events),
        ),
      }
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
function putCalls(rows: readonly [Selectable<CallTable>, ...Selectable<CallTable>[]]): RawBuilder<unknown> {
  return sql`
    ${insertRows('calls', rows)}
    on conflict (id) do update set
      started_at = excluded.started_at,
      answered_at = coalesce(excluded.answered_at, calls.answered_at),
      ended_at = coalesce(excluded.ended_at, calls.ended_at),
      trunk = excluded.trunk, client = excluded.client, caller = excluded.caller, callee = excluded.callee,
      user_name = coalesce(excluded.user_name, calls.user_name),
      ending = coalesce(excluded.ending, calls.ending), node = excluded.node`
}

/** A batch that is written again has the same rows. */
function putLogs(rows: readonly [CallLog, ...CallLog[]]): RawBuilder<unknown> {
  return sql`${insertRows('call_logs', rows)} on conflict (call_id, first) do nothing`
}

interface CallLog {
  readonly call_id: string
  readonly first: number
  readonly events: readonly LoggedEvent[]
}

/** A row a call. */
function logsOf(events: readonly CallEventRecord[]): readonly CallLog[] {
  const byCall = new Map<string, CallEventRecord[]>()
  for (const event of events) {
    const known = byCall.get(event.callId)
    if (known === undefined) byCall.set(event.callId, [event])
    else known.push(event)
  }
  return [...byCall].map(([callId, ofCall]) => {
    const logged = inOrder(ofCall.map(({ seq, at, type, data }) => ({ seq, at, type, data })))
    return { call_id: callId, first: logged[0]?.seq ?? 0, events: logged }
  })
}

/** By `seq`, each once. */
function inOrder<T extends { readonly seq: number }>(events: readonly T[]): readonly T[] {
  const rising = events.every((event, at) => at === 0 || event.seq > (events[at - 1]?.seq ?? 0))
  if (rising) return events
  return lastOfEach(events, ({ seq }) => String(seq)).sort((a, b) => a.seq - b.seq)
}

function eventsOf(callId: string, logged: readonly LoggedEvent[]): readonly CallEventRecord[] {
  return inOrder(logged).map(({ seq, at, type, data }) => ({ callId, seq, at, type, data }))
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
