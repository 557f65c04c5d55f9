import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import pg from 'pg'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/adapters/postgres/index.js'
import type { MigratingStore } from '../../src/adapters/postgres/index.js'
import { ending } from '../../src/call/ending.js'
import { StoreUnavailable } from '../../src/ports/store.js'
import { FakeStore } from '../support/fake-store.js'
import { fresh, someBinding, someCall, someDevice, someEvent, storeContract } from './store.contract.js'

const POSTGRES = process.env.REVEILLE_TEST_POSTGRES

storeContract('the fake', () => Promise.resolve({ store: new FakeStore(), dispose: () => Promise.resolve() }))

storeContract('PGlite', async () => {
  const store = await openStore({ engine: 'pglite', path: null })
  await store.migrate()
  return { store, dispose: () => store.close() }
})

if (POSTGRES === undefined) {
  describe.skip('the store on PostgreSQL (skipped: REVEILLE_TEST_POSTGRES names no server)', () => {
    it('keeps the contract', () => undefined)
  })
} else {
  storeContract('PostgreSQL', async () => {
    const database = await createDatabase(POSTGRES)
    const store = await openStore({ engine: 'postgres', url: database.url })
    await store.migrate()
    const dispose = async () => {
      await store.close()
      await database.drop()
    }
    return { store, dispose }
  })
}

describe('the store in SQL', () => {
  let store: MigratingStore
  let applied: readonly string[]
  beforeAll(async () => {
    store = await openStore({ engine: 'pglite', path: null })
    applied = await store.migrate()
    return () => store.close()
  })

  it('applies each migration once', async () => {
    expect(applied).toContain('0001-devices-bindings-calls')
    expect(await store.migrate()).toEqual([])
  })

  it('takes text that PostgreSQL has no room for: NUL and half surrogates', async () => {
    const device = someDevice({ user: `nul\0${fresh('user')}` })
    await store.putDevice(device)
    expect(await store.devicesOf(device.user)).toEqual([
      { ...device, user: device.user.replace('\0', '\ufffd') },
    ])
    const call = someCall({ from: 'a\0b\ud800c\\u0000"\u0007' })
    await store.saveCalls([call], [someEvent(call.id, 0, { data: { name: '\udfff\0😀' } })])
    expect(await store.call(call.id)).toEqual({
      call: { ...call, from: 'a\ufffdb\ufffdc\\u0000"\u0007' },
      events: [someEvent(call.id, 0, { data: { name: '\ufffd\ufffd😀' } })],
    })
  })

  it('does not take an ending back when an older state of the call is written late', async () => {
    const call = someCall()
    const ended = { ...call, answeredAt: 5, endedAt: 9, ending: ending('hung-up', 'callee') }
    await store.saveCalls([ended], [])
    await store.saveCalls([call], [])
    expect((await store.call(call.id))?.call).toEqual(ended)
  })

  it('writes all bindings of a REGISTER or none', async () => {
    const user = fresh('user')
    const kept = someBinding({ user })
    await store.writeBindings({ put: [kept], remove: [] })
    const impossible = someBinding({ user, registeredAt: 0.5 })
    await expect(store.writeBindings({ put: [impossible], remove: [kept.bindingId] })).rejects.toThrow(
      'bigint',
    )
    expect(await store.bindingsOf(user, 0)).toEqual([kept])
  })

  it('goes on after a statement that failed', async () => {
    const call = someCall({ startedAt: 0.5 })
    await expect(store.saveCalls([call], [])).rejects.not.toBeInstanceOf(StoreUnavailable)
    await store.saveCalls([{ ...call, startedAt: 1 }], [])
    expect(await store.call(call.id)).not.toBeNull()
  })

  it('serves many at once', async () => {
    const user = fresh('user')
    const bindings = Array.from({ length: 50 }, () => someBinding({ user }))
    await Promise.all(bindings.map((binding) => store.writeBindings({ put: [binding], remove: ['x'] })))
    expect(await store.bindingsOf(user, 0)).toHaveLength(50)
  })

  it('is unavailable once it is closed, and closes twice without complaint', async () => {
    const other = await openStore({ engine: 'pglite', path: null })
    await other.close()
    await other.close()
    await expect(other.ping()).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(other.writeBindings({ put: [someBinding()], remove: ['x'] })).rejects.toBeInstanceOf(
      StoreUnavailable,
    )
  })
})

describe('a PostgreSQL server out of reach', () => {
  const servers: { close(): void }[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  /** A TCP server that is no database. */
  async function pretender(onConnection: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      onConnection(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    servers.push({
      close() {
        server.close()
        for (const socket of sockets) socket.destroy()
      },
    })
    return `postgres://reveille:secret@127.0.0.1:${String((server.address() as AddressInfo).port)}/reveille`
  }

  it('is unavailable where the connection is refused, and the error does not tell the password', async () => {
    const url = await pretender(() => undefined)
    for (const server of servers.splice(0)) server.close()
    const error: unknown = await openStore({ engine: 'postgres', url }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StoreUnavailable)
    expect(String(error)).toContain('ECONNREFUSED')
    expect(String(error)).not.toContain('secret')
  })

  it('is unavailable where the server takes the connection and stays silent', async () => {
    const url = await pretender(() => undefined)
    await expect(openStore({ engine: 'postgres', url, connectTimeout: 50 })).rejects.toBeInstanceOf(
      StoreUnavailable,
    )
  })

  it('is unavailable where the server hangs up', async () => {
    const url = await pretender((socket) => socket.once('data', () => socket.destroy()))
    await expect(openStore({ engine: 'postgres', url })).rejects.toBeInstanceOf(StoreUnavailable)
  })
})

describe.skipIf(POSTGRES === undefined)('a PostgreSQL server in trouble', () => {
  it('is unavailable while a statement waits longer than its limit, and comes back', async () => {
    const database = await createDatabase(POSTGRES ?? '')
    const store = await openStore({ engine: 'postgres', url: database.url, statementTimeout: 100 })
    await store.migrate()
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
    await other.query('begin; lock table devices in access exclusive mode')
    await expect(store.listDevices()).rejects.toBeInstanceOf(StoreUnavailable)
    await other.query('rollback')
    expect(await store.listDevices()).toEqual([])
    await other.end()
    await store.close()
    await database.drop()
  })

  it('loses its connections without ending the process, and reconnects', async () => {
    const database = await createDatabase(POSTGRES ?? '')
    const store = await openStore({ engine: 'postgres', url: database.url, poolSize: 2 })
    await store.migrate()
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
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
    // The pool learns of an idle connection's end by an event of its own; the first query may still meet it.
    await until(() =>
      store.listDevices().then(
        () => true,
        () => false,
      ),
    )
    expect(await store.listDevices()).toEqual([])
    await other.end()
    await store.close()
    await database.drop()
  })
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve))
}

/** A database of its own on the server that the URL names. */
async function createDatabase(url: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `reveille_test_${randomUUID().replaceAll('-', '')}`
  const run = async (statement: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  await run(`create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  return { url: own.href, drop: () => run(`drop database ${name} with (force)`) }
}
