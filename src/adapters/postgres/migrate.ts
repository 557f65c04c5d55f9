import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Migrator, sql } from 'kysely'
import type { Kysely, Migration, MigrationProvider } from 'kysely'
import type { Tables } from './tables.js'

/** The package's migrations; as far from `dist/adapters/postgres` as from `src/adapters/postgres`. */
const DIRECTORY = fileURLToPath(new URL('../../../migrations/', import.meta.url))

/**
 * Brings the database up to date, all in one transaction; nodes that start together wait for each other.
 *
 * @returns the names of the migrations that were applied now
 */
export async function migrate(db: Kysely<Tables>, directory = DIRECTORY): Promise<readonly string[]> {
  const migrator = new Migrator({ db, provider: sqlFiles(directory) })
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error === undefined) return results.map((result) => result.migrationName)
  const failed = results.find((result) => result.status === 'Error')
  if (!(error instanceof Error)) throw new Error('the migrations failed', { cause: error })
  if (failed === undefined) throw error
  const { message } = error.cause instanceof Error ? error.cause : error
  throw new Error(`migration ${failed.migrationName} failed: ${message}`, { cause: error })
}

/** `NNNN-name.sql`, in the order of their names; up only. */
function sqlFiles(directory: string): MigrationProvider {
  return {
    async getMigrations() {
      const files = (await readdir(directory)).filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file))
      const migrations: Record<string, Migration> = {}
      for (const file of files) {
        const text = await readFile(join(directory, file), 'utf8')
        migrations[file.slice(0, -'.sql'.length)] = {
          up: async (db) => {
            await sql.raw(text).execute(db)
          },
        }
      }
      return migrations
    },
  }
}
