import { join, resolve } from 'node:path'
import pg from 'pg'
import type { Database } from './database.js'
import { lockDirectory } from './directory-lock.js'
import { PgliteStream } from './pglite-stream.js'
import { startPgliteThread } from './pglite-thread.js'
import { guardedPool, typeParsers } from './pool.js'

/**
 * Opens PGlite, in a thread of its own, in a directory, or in memory where `path` is null.
 *
 * What was acknowledged survives the death of this process at any moment: a commit hands its WAL to the operating
 * system. PGlite runs with `fsync=off`, so the death of the whole machine is not covered; that is what PostgreSQL is for.
 *
 * Where the thread dies or the engine breaks down, whatever is asked is unavailable from then on.
 *
 * @throws DirectoryInUse where another process has the directory open
 */
export async function openPglite(path: string | null, start = startPgliteThread): Promise<Database> {
  const directory = path === null ? null : resolve(path)
  const unlock = directory === null ? () => undefined : lockDirectory(join(directory, 'pglite.lock'))
  try {
    const thread = await start({ directory })
    const pool = new pg.Pool({
      // One connection is all there is: it must never be given up for having been idle.
      ...{ max: 1, idleTimeoutMillis: 0, types: typeParsers },
      ...{ user: 'postgres', database: 'postgres', stream: () => new PgliteStream(thread) },
    })
    return {
      // Nobody else changes the tables: what has been planned once stays right.
      pool: guardedPool(pool, { discardBroken: false, prepare: true }),
      migrationPool: null,
      async closed() {
        await thread.close()
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}
