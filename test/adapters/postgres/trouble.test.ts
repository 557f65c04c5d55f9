import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../../src/adapters/postgres/index.js'
import type { MigratingStore } from '../../../src/adapters/postgres/index.js'
import { StoreUnavailable } from '../../../src/ports/store.js'
import { createDatabase, describeWith, ownPostgres } from '../../support/postgres/index.js'

const postgres = await ownPostgres()

describeWith('a PostgreSQL server in trouble', postgres, (server) => {
  async function open(options: { statementTimeout?: number; poolSize?: number }) {
    const database = await createDatabase(server.url)
    const store = await openStore({ engine: 'postgres', url: database.url, ...options })
    await store.migrate()
    const other = new pg.Client({ connectionString: database.url })
    other.on('error', () => undefined)
    await other.connect()
    onTestFinished(async () => {
      await other.end()
      await store.close()
      await database.drop()
    })
    return { store, other }
  }

  it('is unavailable while a statement waits longer than its limit, and comes back', async () => {
    const { store, other } = await open({ statementTimeout: 100 })
    await other.query('begin; lock table devices in access exclusive mode')
    await expect(store.listDevices()).rejects.toBeInstanceOf(StoreUnavailable)
    await other.query('rollback')
    expect(await store.listDevices()).toEqual([])
  })

  it('loses its connections without ending the process, and reconnects', async () => {
    const { store, other } = await open({ poolSize: 2 })
    await other.query('begin; lock table devices in access exclusive mode')
    const waiting = store.listDevices().catch((error: unknown) => error)
    await until(async () => {
      const { rows } = await other.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'")
      return rows.length > 0
    })
    await other.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'reveille' and datname = current_database()",
    )
    expect(await waiting).toBeInstanceOf(StoreUnavailable)
    await other.query('rollback')
    await untilItAnswers(store)
    expect(await store.listDevices()).toEqual([])
  })

  it.each(['stop', 'crash'] as const)(
    'is unavailable after a %s, and serves again once it is back',
    async (end) => {
      const { store } = await open({})
      expect(await store.listDevices()).toEqual([])
      await server[end]()
      await expect(store.listDevices()).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(store.ping()).rejects.toBeInstanceOf(StoreUnavailable)
      await server.restart()
      await untilItAnswers(store)
      expect(await store.listDevices()).toEqual([])
    },
  )

  it('is unavailable while every process of it stands still, and serves again once they go on', async () => {
    const { store } = await open({ statementTimeout: 100 })
    await server.freeze()
    const refused = await store.listDevices().catch((error: unknown) => error)
    server.thaw()
    expect(refused).toBeInstanceOf(StoreUnavailable)
    await untilItAnswers(store)
    expect(await store.listDevices()).toEqual([])
  })
})

/** The pool learns of an idle connection's end by an event of its own; the first query may still meet it. */
function untilItAnswers(store: MigratingStore): Promise<void> {
  return until(() =>
    store.ping().then(
      () => true,
      () => false,
    ),
  )
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve))
}
