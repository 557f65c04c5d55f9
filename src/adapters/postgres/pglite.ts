import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import pg from 'pg'
import type { Database } from './database.js'
import { lockDirectory } from './directory-lock.js'
import { guardedPool, typeParsers } from './pool.js'

/**
 * Opens PGlite in a directory, or in memory where `path` is null.
 *
 * What was acknowledged survives the death of this process at any moment: a commit hands its WAL to the operating
 * system. PGlite runs with `fsync=off`, so the death of the whole machine is not covered; that is what PostgreSQL is for.
 *
 * @throws DirectoryInUse where another process has the directory open
 */
export async function openPglite(path: string | null): Promise<Database> {
  const directory = path === null ? null : resolve(path)
  const unlock = directory === null ? () => undefined : lockDirectory(join(directory, 'pglite.lock'))
  try {
    const engine = await startPglite(directory)
    const { createPgConfig } = await import('@electric-sql/pglite/node-postgres')
    // One connection is all there is: it must never be given up for having been idle.
    const config = { ...createPgConfig(engine), max: 1, idleTimeoutMillis: 0, types: typeParsers }
    const pool = new pg.Pool(config)
    return {
      pool: guardedPool(pool, false),
      migrationPool: null,
      async closed() {
        await engine.close()
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}

/** Loaded only here: a server on PostgreSQL has no use for the engine's megabytes. */
async function startPglite(directory: string | null) {
  const { PGlite } = await import('@electric-sql/pglite')
  if (directory === null) {
    const engine = new PGlite()
    await engine.waitReady
    return engine
  }
  const data = join(directory, 'pglite')
  const unfinished = join(directory, 'pglite.unfinished')
  // A first start that was killed half-way leaves a database that nobody has written to and nothing can open.
  if (existsSync(unfinished)) rmSync(data, { recursive: true, force: true })
  const fresh = !existsSync(data)
  if (fresh) {
    writeFileSync(unfinished, 'This database is being made; it is made anew where that was interrupted.\n')
    mkdirSync(data, { mode: 0o700 })
  }
  const engine = new PGlite(data)
  await engine.waitReady
  if (fresh) rmSync(unfinished)
  return engine
}
