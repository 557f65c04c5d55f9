import { type MigratingStore, openStore } from '../adapters/postgres/index.js'
import type { DatabaseConfig } from '../config/index.js'

/** Opens the configured database. Rejects with StoreUnavailable or DirectoryInUse. */
export function openConfiguredStore(database: DatabaseConfig): Promise<MigratingStore> {
  return openStore(storeOptions(database))
}

function storeOptions(database: DatabaseConfig): Parameters<typeof openStore>[0] {
  switch (database.engine) {
    case 'pglite':
      return { engine: 'pglite', path: database.path }
    case 'postgres':
      return {
        engine: 'postgres',
        url: database.url,
        poolSize: database.pool,
        statementTimeout: database.statementTimeout,
        connectTimeout: database.connectTimeout,
        ...(database.node === undefined ? {} : { node: database.node }),
      }
    default:
      return database satisfies never
  }
}
