import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openStore } from '../../src/adapters/postgres/index.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder with a fresh database in it, which tests copy: to make one takes PGlite seconds. */
    readonly database: string
  }
}

/** Once a run: makes the database that every server of a test begins with. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'reveille-database-'))
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true })
  try {
    const store = await openStore({ engine: 'pglite', path: join(directory, 'data') })
    await store.migrate()
    await store.close()
  } catch (error) {
    await remove()
    throw error
  }
  provide('database', join(directory, 'data'))
  return remove
}
