import { randomUUID } from 'node:crypto'
import { Kysely, PostgresDialect, sql } from 'kysely'
import type { PostgresPool } from 'kysely'
import { SILENCE_MS } from '../../ports/store.js'
import type { BackingStore } from '../../ports/backing-store.js'
import { bindingStore } from './bindings.js'
import { callStore } from './calls.js'
import { clientMessageStore } from './client-messages.js'
import type { Database } from './database.js'
import { deviceStore } from './devices.js'
import { invitationStore } from './invitations.js'
import { migrate } from './migrate.js'
import { nodeStore } from './nodes.js'
import type { Life } from './nodes.js'
import { openPglite } from './pglite.js'
import { presenceStore } from './presence.js'
import { primaryCallStore } from './primary-calls.js'
import { registrationStore } from './registrations.js'
import { revocationStore } from './revocations.js'
import { openServer } from './server.js'
import type { ServerOptions } from './server.js'
import { stateStore } from './state.js'
import type { Tables } from './tables.js'
import { tokenUses } from './token-uses.js'

export { DirectoryInUse } from './directory-lock.js'

export type StoreOptions =
  /** PGlite in the directory, which is made where it is missing; in memory where `path` is null. */
  | { readonly engine: 'pglite'; readonly path: string | null }
  | ({ readonly engine: 'postgres' } & ServerOptions & NodeOptions)

export interface NodeOptions {
  /** Name of this server, which no other one on the database has; without one a restart is a stranger. */
  readonly node?: string
  /** After so many milliseconds without a word another node is gone. */
  readonly silence?: number
}

export interface MigratingStore extends BackingStore {
  /** Brings the tables up to date; returns the names of the migrations that were applied now. */
  migrate(): Promise<readonly string[]>
}

/**
 * Opens the database and makes sure that it answers; its tables are up to date only after `migrate`.
 *
 * @throws StoreUnavailable where it cannot be reached, DirectoryInUse where another process has PGlite's directory
 */
export async function openStore(options: StoreOptions): Promise<MigratingStore> {
  const database = options.engine === 'pglite' ? await openPglite(options.path) : openServer(options)
  const store = storeOn(database, lifeOf(options))
  try {
    await store.ping()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

function lifeOf(options: StoreOptions): Life {
  const id = randomUUID()
  if (options.engine === 'pglite') return { id, name: null, alone: true, silenceMs: SILENCE_MS }
  const { node = null, silence = SILENCE_MS } = options
  return { id, name: node, alone: false, silenceMs: silence }
}

function storeOn(database: Database, life: Life): MigratingStore {
  const db = kyselyOn(database.pool)
  let closing: Promise<void> | undefined
  return {
    ...deviceStore(db),
    ...bindingStore(db),
    ...stateStore(db),
    ...registrationStore(db),
    ...callStore(db, life.id),
    ...nodeStore(db, life),
    ...tokenUses(db),
    ...revocationStore(db),
    ...clientMessageStore(db, life.id),
    ...invitationStore(db),
    ...primaryCallStore(db),
    ...presenceStore(db, life),
    async ping() {
      await sql`select 1`.execute(db)
    },
    async migrate() {
      if (database.migrationPool === null) return migrate(db)
      const patient = database.migrationPool()
      try {
        return await migrate(kyselyOn(patient))
      } finally {
        await patient.end()
      }
    },
    close() {
      closing ??= database.pool.end().then(() => database.closed())
      return closing
    },
  }
}

function kyselyOn(pool: PostgresPool): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}
