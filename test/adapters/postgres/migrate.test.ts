import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../../src/adapters/postgres/index.js'
import { migrate } from '../../../src/adapters/postgres/migrate.js'
import type { Tables } from '../../../src/adapters/postgres/tables.js'
import { describeWith, postgresForFile, type TestDatabase } from '../../support/postgres/index.js'

const postgres = await postgresForFile()

const FILES = readdirSync('migrations').sort()
const MIGRATIONS = FILES.map((file) => file.replace(/\.sql$/, ''))

describeWith('migrations on PostgreSQL', postgres, (server) => {
  async function database(): Promise<TestDatabase> {
    const made = await server.database()
    onTestFinished(() => made.drop())
    return made
  }

  it('are applied once by nodes that start at once, ten times over', async () => {
    for (let round = 0; round < 10; round += 1) {
      const made = await server.database()
      const { url } = made
      const stores = await Promise.all([1, 2, 3].map(() => openStore({ engine: 'postgres', url })))
      const applied = await Promise.all(stores.map((store) => store.migrate()))
      expect(applied.flat().sort()).toEqual(MIGRATIONS)
      for (const store of stores) expect(await store.listDevices()).toEqual([])
      await Promise.all(stores.map((store) => store.close()))
      await made.drop()
    }
  })

  it('wait for another node that takes longer than a statement may', async () => {
    const { url } = await database()
    const store = await openStore({ engine: 'postgres', url, statementTimeout: 100 })
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    onTestFinished(async () => {
      await other.end()
      await store.close()
    })
    // The lock that every node migrates under.
    await other.query('select pg_advisory_lock(3853314791062309107)')
    const migrated = store.migrate()
    await other.query('select pg_sleep(0.3)')
    const { rows } = await other.query("select 1 from pg_stat_activity where wait_event = 'advisory'")
    expect(rows).toHaveLength(1)
    await other.query('select pg_advisory_unlock_all()')
    expect(await migrated).toEqual(MIGRATIONS)
  })

  /** A database of its own, and a folder for migrations. */
  async function bare(): Promise<{ url: string; db: Kysely<Tables>; folder: string }> {
    const { url } = await database()
    const folder = mkdtempSync(join(tmpdir(), 'reveille-migrations-'))
    const pool = new pg.Pool({ connectionString: url })
    const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
    onTestFinished(async () => {
      await db.destroy()
      rmSync(folder, { recursive: true })
    })
    return { url, db, folder }
  }

  it('leave nothing half done, and go on from there', async () => {
    const { db, folder } = await bare()
    writeFileSync(join(folder, '0001-one.sql'), 'create table one (id integer)')
    writeFileSync(join(folder, '0002-two.sql'), 'create table two (id integer); select 1 / 0')
    await expect(migrate(db, folder)).rejects.toThrow('migration 0002-two failed: division by zero')
    writeFileSync(join(folder, '0002-two.sql'), 'create table two (id integer)')
    expect(await migrate(db, folder)).toEqual(['0001-one', '0002-two'])
  })

  it('take a push address from all devices but the one that was seen last', async () => {
    const { url, db, folder } = await bare()
    const bring = (file = ''): void => copyFileSync(join('migrations', file), join(folder, file))
    FILES.slice(0, 2).forEach(bring)
    await migrate(db, folder)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(`
      insert into devices (id, user_name, push_provider, push_token, push_param, created_at, seen_at) values
        ('a', 'alice', 'acme', 'one', null, 1, 5), ('b', 'bob', 'acme', 'one', null, 1, 7),
        ('c', 'carol', 'acme', 'one', 'p', 1, 9), ('d', 'dave', 'fcm', 'one', null, 1, 9)`)
    await client.end()
    bring(FILES[2])
    expect(await migrate(db, folder)).toEqual(['0003-push-addresses'])
    const store = await openStore({ engine: 'postgres', url })
    expect(await store.device('a')).toMatchObject({ push: null, retired: { reason: 'registered anew' } })
    expect((await store.deviceByPush({ provider: 'acme', token: 'one' }))?.id).toBe('b')
    for (const id of ['b', 'c', 'd']) expect((await store.device(id))?.push).not.toBeNull()
    await store.close()
  })

  it('keep the events of calls, also those that a node with the former tables writes meanwhile', async () => {
    const { url, db, folder } = await bare()
    const bring = (file: string): void => copyFileSync(join('migrations', file), join(folder, file))
    const last = FILES.indexOf('0013-call-logs.sql')
    FILES.slice(0, last).forEach(bring)
    await migrate(db, folder)
    const former = new pg.Client({ connectionString: url })
    await former.connect()
    onTestFinished(() => former.end())
    const put = `insert into call_events (call_id, seq, at, type, data) values `
    await former.query(`${put} ('a', 1, 8, 'ended', '{"status": 480}'), ('a', 0, 7, 'invited', null)`)
    await former.query('begin')
    await former.query(`${put} ('b', 3, 9, 'ended', null)`)
    FILES.slice(last, last + 1).forEach(bring)
    const migrated = migrate(db, folder)
    const waiting = () => former.query('select 1 from pg_locks where not granted')
    await expect.poll(async () => (await waiting()).rowCount).toBe(1)
    await former.query('commit')
    expect(await migrated).toEqual(['0013-call-logs'])
    const { rows } = await former.query('select * from call_logs order by call_id')
    const [first, second] = [
      { seq: 0, at: 7, type: 'invited', data: null },
      { seq: 1, at: 8, type: 'ended', data: { status: 480 } },
    ]
    expect(rows).toEqual([
      { call_id: 'a', first: 0, events: [first, second] },
      { call_id: 'b', first: 3, events: [{ seq: 3, at: 9, type: 'ended', data: null }] },
    ])
  })
})
