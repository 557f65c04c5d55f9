import { existsSync } from 'node:fs'
import type { Config } from '../config/index.js'
import type { Store } from '../ports/store.js'
import { CommandError } from './command.js'

/** As much of the database as the commands need. */
export interface CommandStore extends Pick<
  Store,
  'recentCalls' | 'call' | 'listDevices' | 'secret' | 'revoke' | 'close'
> {
  /** Brings the tables up to date; returns the names of the migrations that were applied now. */
  migrate(): Promise<readonly string[]>
}

/** What `main` gives the commands. */
export interface StoreDeps {
  /** Rejects where the database cannot be reached, or another process has it. */
  readonly openStore: (database: Config['database']) => Promise<CommandStore>
}

/** Opens the database for `use`, and closes it again. @throws CommandError where it cannot be opened */
export async function withStore<T>(
  { openStore }: StoreDeps,
  database: Config['database'],
  use: (store: CommandStore) => Promise<T>,
): Promise<T> {
  const store = await opened(openStore(database))
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

async function opened(opening: Promise<CommandStore>): Promise<CommandStore> {
  try {
    return await opening
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(`the database cannot be opened: ${reason}`, { cause: error })
  }
}

/** Opening a database of PGlite makes it: who only wants to read is told that there is none. */
export function databaseExists(database: Config['database']): boolean {
  return database.engine === 'postgres' || existsSync(database.path)
}

export function nameOf(database: Config['database']): string {
  switch (database.engine) {
    case 'pglite':
      return `the database in ${database.path}`
    case 'postgres':
      return `the database at ${new URL(database.url).host}`
    default:
      return database satisfies never
  }
}
