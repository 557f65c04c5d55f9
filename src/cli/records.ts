import type { Config } from '../config/index.js'
import {
  type CallDetailView,
  type CallView,
  type DeviceView,
  viewCall,
  viewCallDetail,
  viewDevice,
} from '../observe/views.js'
import { StoreUnavailable } from '../ports/store.js'
import { findServer } from './admin-client.js'
import { CommandError, type Io } from './command.js'
import { type CommandStore, databaseExists, nameOf, type StoreDeps, withStore } from './store.js'

/** Where calls and devices are read, all the same whether a server has them or the database. */
export interface Records {
  /** For who asks where the answer comes from. */
  readonly source: string
  /** Newest first. */
  calls(limit: number): Promise<readonly CallView[]>
  call(id: string): Promise<CallDetailView | null>
  devices(): Promise<readonly DeviceView[]>
}

/**
 * Asks the running server where there is one, since an embedded database has room for one process only; else opens the
 * database itself. Which of the two it was stands on stderr.
 *
 * @throws CommandError where neither is to be had
 */
export async function withRecords<T>(
  config: Config,
  deps: StoreDeps,
  { stderr }: Io,
  use: (records: Records) => Promise<T>,
): Promise<T> {
  const server = await findServer(config.http)
  if ('source' in server) {
    stderr.write(`from ${server.source}\n`)
    return use(server)
  }
  const without = `no running server: ${server.absent}`
  if (!databaseExists(config.database)) {
    throw new CommandError(`${without}; and ${nameOf(config.database)} does not exist`)
  }
  stderr.write(`${without}\n`)
  return withStore(deps, config.database, async (store) => {
    stderr.write(`from ${nameOf(config.database)}\n`)
    try {
      return await use(recordsOf(store, nameOf(config.database)))
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      throw new CommandError(`${error.message}; "reveille migrate" makes missing tables`, { cause: error })
    }
  })
}

function recordsOf(store: CommandStore, source: string): Records {
  return {
    source,
    calls: async (limit) => (await store.recentCalls(limit)).map(viewCall),
    async call(id) {
      const found = await store.call(id)
      return found && viewCallDetail(found.call, found.events)
    },
    devices: async () => (await store.listDevices()).map(viewDevice),
  }
}
