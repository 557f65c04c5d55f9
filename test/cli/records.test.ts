import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { callsCommand } from '../../src/cli/calls.js'
import { devicesCommand } from '../../src/cli/devices.js'
import type { StoreDeps } from '../../src/cli/store.js'
import { hungUp, record, START, wokenCall } from '../observe/support/course.js'
import { startServer } from '../http/support/server.js'
import { FakeStore } from '../support/fake-store.js'
import { run } from './support/run.js'
import { freePort, site } from './support/site.js'

const ended = record('c1', { answeredAt: START + 3_020_000, endedAt: START + 9_001_000, ending: hungUp })

async function fill(store: FakeStore): Promise<void> {
  await store.saveCalls([ended, record('c2', { startedAt: START + 1_000_000, user: null })], wokenCall())
  const device = { id: 'd1', user: 'bob', instance: null, createdAt: START, seenAt: START, retired: null }
  await store.putDevice({
    ...device,
    push: { provider: 'acme', token: '0123456789abcdefghij' },
    region: 'eu',
  })
  const retired = { at: START + 60e6, reason: '410 Unregistered' }
  await store.putDevice({ ...device, id: 'd2', user: 'alice', push: null, retired })
}

/** A site whose database is in memory, and counts how often it was opened and closed. */
async function offline(port?: number) {
  const store = new FakeStore()
  await fill(store)
  const { config, directory } = site(`http: {port: ${String(port ?? (await freePort()))}}`)
  mkdirSync(join(directory, 'data'))
  const uses = { opened: 0, closed: 0 }
  const deps: StoreDeps = {
    openStore: () => {
      uses.opened += 1
      return Promise.resolve(
        Object.assign(Object.create(store) as FakeStore, {
          recentCalls: (limit: number) => store.recentCalls(limit),
          call: (id: string) => store.call(id),
          listDevices: () => store.listDevices(),
          migrate: () => Promise.resolve([]),
          close: () => Promise.resolve(void (uses.closed += 1)),
        }),
      )
    },
  }
  return { store, config, directory, uses, deps }
}

/** A site whose server runs. */
async function online(adminToken?: string, configured = adminToken) {
  const server = await startServer({ adminToken })
  await fill(server.store)
  const token = configured === undefined ? '' : `, admin-token: ${configured}`
  const { config } = site(`http: {port: ${new URL(server.base).port}${token}}`)
  const deps: StoreDeps = { openStore: () => Promise.reject(new Error('is in use by process 1')) }
  return { ...server, config, deps }
}

const rows = (text: string) => text.trimEnd().split('\n')
const plain = (text: string) => rows(text).map((line) => line.trim().replace(/ +/g, ' '))

const LIST = [
  'STARTED FROM TO USER WAIT TALK ENDING ID',
  '2026-01-01 00:00:01Z +15550001 7000 - - - none yet c2',
  '2026-01-01 00:00:00Z +15550001 7000 alice 3.0 s 6.0 s hung-up by caller, 200 c1',
]

describe('reveille calls', () => {
  it('asks the running server, and says so beside the list', async () => {
    const { config, deps, base } = await online('geheim')
    const { code, out, err } = await run(callsCommand(deps), ['-c', config])
    expect([code, plain(out), err]).toEqual([0, LIST, `from the server at ${base}\n`])
  })

  it('reads the database itself where no server runs, says so, and closes it', async () => {
    const { config, directory, deps, uses } = await offline()
    const { code, out, err } = await run(callsCommand(deps), ['-c', config])
    expect([code, plain(out)]).toEqual([0, LIST])
    expect(rows(err)).toEqual([
      expect.stringMatching(
        /^no running server: none answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)$/,
      ),
      `from the database in ${join(directory, 'data')}`,
    ])
    expect(uses).toEqual({ opened: 1, closed: 1 })
  })

  it('reads the database itself where something else has the port', async () => {
    const other = createServer((_request, response) => response.end('{"status":"hello"}')).listen(
      0,
      '127.0.0.1',
    )
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const address = other.address()
    const { config, deps } = await offline(typeof address === 'object' ? address?.port : undefined)
    const { code, out, err } = await run(callsCommand(deps), ['-c', config])
    expect([code, plain(out)]).toEqual([0, LIST])
    expect(err).toContain('no running server: something else answers at http://127.0.0.1:')
  })

  it('lists no more than it is asked for', async () => {
    const { config, deps } = await online()
    const { out } = await run(callsCommand(deps), ['-c', config, '--limit', '1'])
    expect(plain(out)).toEqual(LIST.slice(0, 2))
  })

  it.each([
    ['the server', () => online()],
    ['the database', () => offline()],
  ])('gives the same JSON from %s, and nothing else on stdout', async (_from, start) => {
    const { config, deps } = await start()
    const { out } = await run(callsCommand(deps), ['-c', config, '--json', '-n', '1'])
    expect(JSON.parse(out)).toEqual({ calls: [record('c2', { startedAt: START + 1_000_000, user: null })] })
    const { out: one } = await run(callsCommand(deps), ['-c', config, '--json', 'c1'])
    expect(JSON.parse(one)).toMatchObject({
      call: ended,
      timeline: { stages: { push_sent: 1250, bridged: 3_020_000 }, ending: hungUp },
    })
  })

  it.each([
    ['the server', () => online()],
    ['the database', () => offline()],
  ])('shows one call stage by stage, from %s', async (_from, start) => {
    const { config, deps } = await start()
    const { code, out } = await run(callsCommand(deps), ['-c', config, 'c1'])
    expect(code).toBe(0)
    const lines = plain(out)
    expect(lines.slice(0, 7)).toEqual([
      'call c1',
      'started 2026-01-01 00:00:00Z',
      'from +15550001 through carrier',
      'to 7000 of alice',
      'ending hung-up by caller, 200',
      '',
      'stages',
    ])
    expect(lines).toContain('push acknowledged 20.000 ms +18.750')
    expect(lines).toContain('ended 9001.000 ms +5981.000 hung-up by caller, 200')
    expect(lines).toContain('530.000 ms dial-progressed {"dial":"d2","status":180}')
  })

  it('shows which client called, where the caller is shown as somebody else', async () => {
    const { store, config, deps } = await online()
    const clients = { c7: 'app-7', c8: '+15550001' }
    for (const [id, client] of Object.entries(clients)) {
      await store.saveCalls([record(id, { client, trunk: null, startedAt: START + 9e6 })], [])
    }
    const { out: list } = await run(callsCommand(deps), ['-c', config])
    expect(plain(list).filter((row) => row.includes('app-7'))).toEqual([
      '2026-01-01 00:00:09Z +15550001 of client app-7 7000 alice - - none yet c7',
    ])
    const detail = async (id: string) => plain((await run(callsCommand(deps), [id, '-c', config])).out)
    expect(await detail('c7')).toContain('from +15550001 of client app-7')
    expect(await detail('c8')).toContain('from +15550001')
  })

  it('lets no caller write on the terminal', async () => {
    const { store, config, deps } = await online()
    const call = record('c9', { from: '\u001b[2J\u009bx\u202e', startedAt: START + 9e6 })
    await store.saveCalls([call], [])
    const { out } = await run(callsCommand(deps), ['-c', config, '-n', '1'])
    expect(['\u001b', '\u009b', '\u202e'].filter((character) => out.includes(character))).toEqual([])
    expect(out).toContain('\ufffd[2J\ufffdx\ufffd')
  })

  it.each([
    ['the server', () => online()],
    ['the database', () => offline()],
  ])('knows no call that is not there, from %s', async (_from, start) => {
    const { config, deps } = await start()
    const { code, out, err } = await run(callsCommand(deps), ['-c', config, 'nope'])
    expect([code, out, rows(err).at(-1)]).toEqual([1, '', 'reveille calls: there is no call nope'])
  })

  it('says why the server does not let it in', async () => {
    const { config, deps, base } = await online('geheim', 'falsch')
    const { code, err } = await run(callsCommand(deps), ['-c', config])
    expect(code).toBe(1)
    expect(rows(err).at(-1)).toBe(
      `reveille calls: the server at ${base} answered 401: This is not the admin token.`,
    )
  })

  it('says that the server has no database at the moment', async () => {
    const { config, deps, store } = await online()
    store.failWhile(() => true)
    const { code, err } = await run(callsCommand(deps), ['-c', config])
    expect([code, rows(err).at(-1)]).toEqual([
      1,
      expect.stringContaining('answered 503: The database is away.'),
    ])
  })

  it('says that another process has the database', async () => {
    const { config } = await offline()
    const deps: StoreDeps = { openStore: () => Promise.reject(new Error('/x is in use by process 7')) }
    const { code, err } = await run(callsCommand(deps), ['-c', config])
    expect(code).toBe(1)
    expect(rows(err).at(-1)).toBe('reveille calls: the database cannot be opened: /x is in use by process 7')
  })

  it('makes no database where there is none', async () => {
    const { directory } = await offline()
    const { config } = site(`{http: {port: 0}, database: {path: ${join(directory, 'other')}}}`)
    const deps: StoreDeps = { openStore: () => Promise.reject(new Error('it must not be opened')) }
    const { code, err } = await run(callsCommand(deps), ['-c', config])
    expect([code, err]).toEqual([
      1,
      `reveille calls: no running server: the configuration names no port of it; and the database in ${join(directory, 'other')} does not exist\n`,
    ])
  })

  it('closes the database and says what to do, where its tables are missing', async () => {
    const { config, deps, store, uses } = await offline()
    store.failWhile(() => true)
    const { code, err } = await run(callsCommand(deps), ['-c', config])
    expect([code, rows(err).at(-1)]).toEqual([
      1,
      expect.stringContaining('"reveille migrate" makes missing tables'),
    ])
    expect(uses.closed).toBe(1)
  })

  it.each([
    [['--limit', '0'], '--limit needs a number from 1 to 1000, not "0"'],
    [['--limit', 'ten'], '--limit needs a number from 1 to 1000, not "ten"'],
    [['c1', '--limit', '3'], '--limit is for the list of calls'],
    [['c1', 'c2'], 'unexpected argument "c2"'],
  ])('refuses %j', async (argv, message) => {
    const { config, deps } = await offline()
    const { code, err } = await run(callsCommand(deps), ['-c', config, ...argv])
    expect([code, rows(err)[0]]).toEqual([2, `reveille calls: ${message}`])
  })
})

describe('reveille devices', () => {
  it.each([
    ['the server', () => online('geheim')],
    ['the database', () => offline()],
  ])('lists who can be pushed, by user, from %s', async (_from, start) => {
    const { config, deps } = await start()
    const { code, out } = await run(devicesCommand(deps), ['-c', config])
    expect([code, plain(out)]).toEqual([
      0,
      [
        'USER DEVICE PUSH REGION LAST SEEN',
        'alice d2 retired 2026-01-01 00:01:00Z: 410 Unregistered - 2026-01-01 00:00:00Z',
        'bob d1 acme …efghij eu 2026-01-01 00:00:00Z',
      ],
    ])
  })

  it('gives JSON without whole tokens', async () => {
    const { config, deps } = await offline()
    const { out } = await run(devicesCommand(deps), ['-c', config, '--json'])
    expect(JSON.parse(out)).toMatchObject({
      devices: [{ id: 'd1', push: { token: '…efghij' } }, { id: 'd2' }],
    })
  })
})
