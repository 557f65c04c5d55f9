import { createLocalBus } from '../adapters/bus/local.js'
import { createPostgresBus } from '../adapters/bus/postgres.js'
import { systemClock } from '../adapters/system/clock.js'
import { ending } from '../call/ending.js'
import type { DatabaseConfig } from '../config/index.js'
import type { Bus } from '../ports/bus.js'
import type { Log } from '../ports/log.js'
import { BEAT_MS } from '../ports/store.js'
import type { Store } from '../ports/store.js'
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
  const store = life.own(await openConfiguredStore(config))
  await store.migrate()
  await beat(store, log, 'calls were interrupted by the last end of the server')
  life.onClose(keepBeating(store, log))
  const bus = life.own(await createBus(config, log))
  return { store, bus, nonceSecret: await store.secret('digest nonces') }
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

/** Says that this node lives, and ends the calls of those that do not. Rejects with StoreUnavailable. */
async function beat(store: Store, log: Log, interrupted: string): Promise<void> {
  await store.beat()
  const calls = await store.endInterrupted(ending('interrupted', 'server'), systemClock.now())
  if (calls.length > 0) log.warn({ calls }, interrupted)
}

/** Returns the function that ends it. An outage is told when it begins and when it is over. */
function keepBeating(store: Store, log: Log): () => void {
  let away = false
  let ended = false
  let stop = systemClock.after(BEAT_MS, again)

  function again(): void {
    beat(store, log, 'calls were interrupted by the end of another server')
      .then(
        () => {
          if (away) log.info({}, 'the database is back')
          away = false
        },
        (error: unknown) => {
          if (!away && !ended) log.error({ err: error }, 'the database is away: phones cannot register')
          away = true
        },
      )
      .finally(() => {
        if (!ended) stop = systemClock.after(BEAT_MS, again)
      })
  }

  return () => {
    ended = true
    stop()
  }
}
