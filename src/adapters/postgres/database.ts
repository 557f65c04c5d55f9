import type { PostgresPool } from 'kysely'

/** A way to the database, whichever engine is behind it. */
export interface Database {
  readonly pool: PostgresPool
  /** A pool without the deadlines of the ordinary one; null where that has none. */
  readonly migrationPool: (() => PostgresPool) | null
  /** To be called once the pool has ended. */
  closed(): Promise<void>
}
