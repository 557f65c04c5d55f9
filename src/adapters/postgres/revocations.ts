import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'
import type { Revocation, RevocationStore } from '../../ports/revocations.js'
import type { RevocationTable, Tables } from './tables.js'

/** A row is visible when its transaction ends, which is this much after its time at most, in microseconds. */
const LATE_US = 60_000_000

/** The database's clock: the nodes' own need not agree. */
const NOW = sql<number>`(extract(epoch from clock_timestamp()) * 1000000)::bigint`

export function revocationStore(db: Kysely<Tables>): RevocationStore {
  return {
    async revoke(revocation) {
      const { kind, at } = revocation
      const name = kind === 'token' ? revocation.id : revocation.client
      await sql`
        insert into token_revocations (kind, name, at, written_at) values (${kind}, ${name}, ${at}::bigint, ${NOW})
        on conflict (kind, name) do update set
          at = greatest(token_revocations.at, excluded.at), written_at = excluded.written_at`.execute(db)
    },

    async revocations(mark) {
      const { rows } = await sql<{ now: number }>`select ${NOW} as now`.execute(db)
      const found = await db
        .selectFrom('token_revocations')
        .selectAll()
        .where('written_at', '>=', mark)
        .orderBy('written_at')
        .execute()
      return { revocations: found.map(toRevocation), mark: Math.max(0, (rows[0]?.now ?? 0) - LATE_US) }
    },
  }
}

function toRevocation({ kind, name, at }: Selectable<RevocationTable>): Revocation {
  return kind === 'token' ? { kind, id: name, at } : { kind, client: name, at }
}
