import { createLocalBus } from '../adapters/bus/local.js'
import { createPostgresBus } from '../adapters/bus/postgres.js'
import type { MigratingStore } from '../adapters/postgres/index.js'
import { residentStore } from '../adapters/resident-store/index.js'
import { systemClock } from '../adapters/system/clock.js'
import type { DatabaseConfig } from '../config/index.js'
import type { Bus } from '../ports/bus.js'
import type { Log } from '../ports/log.js'
import type { Store } from '../ports/store.js'
import { startHeartbeat } from './heartbeat.js'
import type { Lifetime } from './lifetime.js'
import { openConfiguredStore } from './store.js'

/** What the nodes on one database share. */
export interface Shared {
  readonly store: Store
  readonly bus: Bus
  /** Signs the nonces of digest challenges, so that each node takes those of the others. */
  readonly nonceSecret: Uint8Array
}

/**
 * Opens the database, brings it up to date, and keeps this node known in it from then on. Rejects where it cannot be
 * reached.
 */
export async function openDatabase(config: DatabaseConfig, log: Log, life: Lifetime): Promise<Shared> {
  const store = life.own(await openStoreOfServer(config, log))
  await store.migrate()
  life.onClose(await startHeartbeat({ store, clock: systemClock, log }))
  const bus = life.own(await createBus(config, log))
  return { store, bus, nonceSecret: await store.secret('digest nonces') }
}

/** Nobody else writes to a database of PGlite: what calls ask of it may be kept in memory. */
async function openStoreOfServer(config: DatabaseConfig, log: Log): Promise<MigratingStore> {
  const store = await openConfiguredStore(config)
  switch (config.engine) {
    case 'pglite':
      return residentStore(store, { clock: systemClock, log })
    case 'postgres':
      return store
    default:
      return config satisfies never
  }
}

function createBus(config: DatabaseConfig, log: Log): Promise<Bus> {
  switch (config.engine) {
    case 'pglite':
      return Promise.resolve(createLocalBus({ log }))
    case 'postgres':
      return createPostgresBus({ url: config.url, log })
    default:
      return config satisfies never
  }
}
