import type { Kysely } from 'kysely'
import type {
  ForwardingRegistration,
  PrimaryCallRecord,
  PrimaryCallStore,
} from '../../ports/primary-calls.js'
import type { ForwardingTable, PrimaryCallTable, Tables } from './tables.js'

export function primaryCallStore(db: Kysely<Tables>): PrimaryCallStore {
  return {
    async forwarding(subscriber) {
      const row = await db
        .selectFrom('forwardings')
        .selectAll()
        .where('subscriber', '=', subscriber)
        .executeTakeFirst()
      return row ?? null
    },

    async putForwarding(registration) {
      const row = forwardingRow(registration)
      await db
        .insertInto('forwardings')
        .values(row)
        .onConflict((conflict) => conflict.column('subscriber').doUpdateSet(row))
        .execute()
    },

    async savePrimaryCalls(records) {
      if (records.length === 0) return
      await db.transaction().execute(async (transaction) => {
        for (const record of records) {
          const row = primaryRow(record)
          await transaction
            .insertInto('primary_calls')
            .values(row)
            .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
            .execute()
        }
      })
    },

    async primaryCall(id) {
      const row = await db.selectFrom('primary_calls').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? null : primaryRecord(row)
    },
  }
}

function forwardingRow({ subscriber, did, state, since, detail }: ForwardingRegistration): ForwardingTable {
  return { subscriber, did, state, since, detail }
}

function primaryRow(record: PrimaryCallRecord): PrimaryCallTable {
  const { id, subscriber, caller, test, phone, cause } = record
  return {
    ...{ id, subscriber, caller, test, phone, cause, device: record.deviceId },
    ringing_since: record.ringingSince,
    reported_at: record.reportedAt,
    instructed_at: record.instructedAt,
    instructed_by: record.instructedBy,
    acknowledged_at: record.acknowledgedAt,
    phone_at: record.phoneAt,
    forwarded_at: record.forwardedAt,
    ended_at: record.endedAt,
  }
}

function primaryRecord(row: PrimaryCallTable): PrimaryCallRecord {
  const { id, subscriber, caller, test, phone, cause } = row
  return {
    ...{ id, subscriber, caller, test, phone, cause, deviceId: row.device },
    ringingSince: row.ringing_since,
    reportedAt: row.reported_at,
    instructedAt: row.instructed_at,
    instructedBy: row.instructed_by,
    acknowledgedAt: row.acknowledged_at,
    phoneAt: row.phone_at,
    forwardedAt: row.forwarded_at,
    endedAt: row.ended_at,
  }
}
