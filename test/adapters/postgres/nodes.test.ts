import pg from 'pg'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../../src/adapters/postgres/index.js'
import type { MigratingStore } from '../../../src/adapters/postgres/index.js'
import { ending } from '../../../src/call/ending.js'
import { someCall } from '../../contract/store.contract.js'
import { describeWith, postgresForFile, type TestDatabase } from '../../support/postgres/index.js'

const postgres = await postgresForFile()
const interrupted = ending('interrupted', 'server')

describeWith('nodes on one PostgreSQL', postgres, (server) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await server.database()
    const store = await open()
    await store.migrate()
    return () => database.drop()
  })

  async function open(options: { node?: string; silence?: number } = {}): Promise<MigratingStore> {
    const store = await openStore({ engine: 'postgres', url: database.url, poolSize: 1, ...options })
    onTestFinished(() => store.close())
    return store
  }

  /** A node that has a live call. */
  async function busy(options: { node?: string; silence?: number } = {}) {
    const store = await open(options)
    const call = someCall()
    await store.beat()
    await store.saveCalls([call], [])
    return { store, call }
  }

  /** Time passes for the table of nodes; `for`: names of those that are heard of all the while. */
  async function pass(seconds: number, heard: readonly string[] = []): Promise<void> {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const us = seconds * 1_000_000
    await client.query(
      `update nodes set started_at = started_at - $1, steady_since = steady_since - $1,
        seen_at = case when name = any ($2) then seen_at else seen_at - $1 end`,
      [us, heard],
    )
    await client.end()
  }

  it('leave each other’s calls alone while both live', async () => {
    const [a, b] = [await busy({ node: 'a' }), await busy()]
    await pass(50)
    await a.store.beat()
    await b.store.beat()
    expect(await a.store.endInterrupted(interrupted, 9)).toEqual([])
    expect(await b.store.endInterrupted(interrupted, 9)).toEqual([])
  })

  it('end at once the calls of their own earlier lives, and of no one else', async () => {
    const [before, other, nameless] = [await busy({ node: 'a' }), await busy({ node: 'b' }), await busy()]
    const after = await busy({ node: 'a' })
    expect(await after.store.endInterrupted(interrupted, 9)).toEqual([before.call.id])
    for (const { call } of [other, nameless, after]) {
      expect((await after.store.call(call.id))?.call.ending).toBeNull()
    }
  })

  it('end the calls of a node that was silent for more than a minute, while they were not', async () => {
    const [gone, here] = [await busy({ node: 'b' }), await busy({ node: 'a' })]
    await pass(59, ['a'])
    await here.store.beat()
    expect(await here.store.endInterrupted(interrupted, 9)).toEqual([])
    await pass(2, ['a'])
    await here.store.beat()
    expect(await here.store.endInterrupted(interrupted, 9)).toEqual([gone.call.id])
    expect((await here.store.call(gone.call.id))?.call).toMatchObject({ endedAt: 9, ending: interrupted })
  })

  it('end nobody’s calls after an outage that silenced all of them', async () => {
    const [one, two] = [await busy(), await busy()]
    await pass(90)
    await one.store.beat()
    expect(await one.store.endInterrupted(interrupted, 9)).toEqual([])
    await two.store.beat()
    await pass(70, [])
    await two.store.beat()
    expect(await two.store.endInterrupted(interrupted, 9)).toEqual([])
  })

  it('take the true ending of a call whose node was only cut off for a while', async () => {
    const [cutOff, here] = [await busy({ node: 'b' }), await busy({ node: 'a' })]
    await pass(70, ['a'])
    await here.store.beat()
    expect(await here.store.endInterrupted(interrupted, 9)).toEqual([cutOff.call.id])
    const ended = { ...cutOff.call, answeredAt: 5, endedAt: 77, ending: ending('hung-up', 'caller') }
    await cutOff.store.saveCalls([ended], [])
    expect((await here.store.call(ended.id))?.call).toEqual(ended)
  })

  it('end the calls of another server that was given the same name no further than at their own start', async () => {
    const twin = await busy({ node: 'a' })
    const here = await busy({ node: 'a' })
    await twin.store.beat()
    expect(await here.store.endInterrupted(interrupted, 9)).toEqual([])
  })

  it('end calls that were written before there were nodes', async () => {
    const { store, call } = await busy()
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await client.query('update calls set node = null')
    await client.end()
    expect(await store.endInterrupted(interrupted, 9)).toEqual([call.id])
  })

  it('are forgotten after a day, but not before their calls have ended', async () => {
    const gone = await busy({ node: 'b' })
    const here = await busy({ node: 'a' })
    const names = async () => {
      const client = new pg.Client({ connectionString: database.url })
      await client.connect()
      const { rows } = await client.query<{ name: string }>('select name from nodes order by name')
      await client.end()
      return rows.map(({ name }) => name)
    }
    await pass(100_000, ['a'])
    await here.store.beat()
    expect(await names()).toEqual(['a', 'b'])
    expect(await here.store.endInterrupted(interrupted, 9)).toEqual([gone.call.id])
    await here.store.beat()
    expect(await names()).toEqual(['a'])
  })

  it('agree on a secret that each of them asks for first', async () => {
    const stores = await Promise.all([open(), open(), open(), open()])
    const secrets = await Promise.all(stores.map((store) => store.secret('nonces')))
    for (const secret of secrets) expect(secret).toEqual(secrets[0])
  })
})
