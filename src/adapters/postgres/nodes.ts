import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import type { NodeStore } from '../../ports/store.js'
import { toJson } from './json.js'
import type { Tables } from './tables.js'

/** One life of a server. */
export interface Life {
  readonly id: string
  /** What the operator calls the server, in this life and in its others. */
  readonly name: string | null
  /** Nobody else can have the database open: every other life is an earlier one. */
  readonly alone: boolean
  /** After so many milliseconds without a word another node is gone. */
  readonly silenceMs: number
}

/** The database's clock: the nodes' own need not agree. */
const NOW = sql<number>`(extract(epoch from clock_timestamp()) * 1000000)::bigint`
/** How long a node that is gone is remembered, for those who look at the table: a day. */
const REMEMBER_US = 86_400_000_000

export function nodeStore(db: Kysely<Tables>, life: Life): NodeStore {
  const silence = life.silenceMs * 1000
  return {
    async beat() {
      // Where this node was not heard of for a while the database may have been away, and the others as silent.
      await sql`
        insert into nodes (id, name, started_at, seen_at, steady_since)
        select ${life.id}, ${life.name}, now, now, now from (select ${NOW} as now) as clock
        on conflict (id) do update set
          seen_at = excluded.seen_at,
          steady_since = case when excluded.seen_at - nodes.seen_at > ${silence / 2}
            then excluded.seen_at else nodes.steady_since end`.execute(db)
      await sql`
        delete from nodes where seen_at < ${NOW} - ${REMEMBER_US}::bigint
          and not exists (select from calls where calls.node = nodes.id and calls.ending is null)`.execute(db)
    },

    async endInterrupted(ending, at) {
      const others = life.alone ? sql`true` : sql`node in (${goneNodes(life.id, silence)})`
      const rows = await db
        .updateTable('calls')
        .set({ ending: toJson(ending), ended_at: at })
        .where('ending', 'is', null)
        // Calls of nobody are older than the table of nodes.
        .where(sql<boolean>`(node is null or (node <> ${life.id} and ${others}))`)
        .returning('id')
        .execute()
      return rows.map((row) => row.id)
    },

    async secret(name) {
      const value = randomBytes(32).toString('base64')
      const fresh = db.insertInto('secrets').values({ name, value })
      await fresh.onConflict((conflict) => conflict.column('name').doNothing()).execute()
      const made = await db
        .selectFrom('secrets')
        .select('value')
        .where('name', '=', name)
        .executeTakeFirstOrThrow()
      return Buffer.from(made.value, 'base64')
    },
  }
}

/**
 * Ids of the nodes that live no more: those of this server's name that were not heard of since it started, and those
 * that were silent for long, where this node was heard of all the while.
 */
export function goneNodes(id: string, silence: number): RawBuilder<unknown> {
  return sql`
    select other.id from nodes other, nodes me
    where me.id = ${id} and other.id <> me.id and (
      (other.name = me.name and other.seen_at < me.started_at)
      or (other.seen_at < me.seen_at - ${silence}::bigint and me.steady_since <= me.seen_at - ${silence}::bigint)
    )`
}
