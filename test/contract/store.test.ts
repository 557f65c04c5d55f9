import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/adapters/postgres/index.js'
import type { MigratingStore } from '../../src/adapters/postgres/index.js'
import { residentStore } from '../../src/adapters/resident-store/index.js'
import { systemClock } from '../../src/adapters/system/clock.js'
import { ending } from '../../src/call/ending.js'
import { StoreUnavailable } from '../../src/ports/store.js'
import { FakeStore } from '../support/fake-store.js'
import { describeWith, postgresForFile } from '../support/postgres/index.js'
import { RecordingLog } from '../wake/recording-log.js'
import { reopened } from './reopened.js'
import { fresh, someBinding, someCall, someDevice, someEvent, storeContract } from './store.contract.js'

const postgres = await postgresForFile()

storeContract('the fake', () => {
  let store = new FakeStore()
  const restart = () => Promise.resolve((store = new FakeStore(store)))
  return Promise.resolve({ store, restart, dispose: () => Promise.resolve() })
})

storeContract('PGlite', async () => {
  const path = mkdtempSync(join(tmpdir(), 'reveille-store-'))
  return reopened(
    () => openStore({ engine: 'pglite', path }),
    () => Promise.resolve(rmSync(path, { recursive: true, force: true })),
  )
})

storeContract('PGlite, with what calls ask in memory', async () => {
  const path = mkdtempSync(join(tmpdir(), 'reveille-store-'))
  const open = async () =>
    residentStore(await openStore({ engine: 'pglite', path }), {
      clock: systemClock,
      log: new RecordingLog(),
    })
  return reopened(open, () => Promise.resolve(rmSync(path, { recursive: true, force: true })))
})

describeWith('the store on PostgreSQL', postgres, (server) => {
  storeContract('PostgreSQL', async () => {
    const database = await server.database()
    return reopened(
      () => openStore({ engine: 'postgres', url: database.url, node: 'a' }),
      () => database.drop(),
    )
  })
})

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
