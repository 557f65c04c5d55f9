import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/adapters/system/clock.js'
import { loadTokenKeys } from '../../src/clients/tokens/keys.js'
import { createTokens, type Tokens } from '../../src/clients/tokens/tokens.js'
import { describeWith, postgresForFile, type TestDatabase } from '../support/postgres/index.js'
import { TestServer } from '../support/server.js'
import { PresenceLoad } from './support/presence-load.js'

/** `npm run test:presence` runs all of it; it takes a machine of two cores for two minutes. */
const FULL = process.env['REVEILLE_PRESENCE_LOAD'] === 'full'
const LOAD = FULL
  ? { clients: 5_000, reads: 4, perSecond: 500, seconds: 30 }
  : { clients: 500, reads: 4, perSecond: 100, seconds: 3 }

const KEYS = [{ id: 'k', algorithm: 'HS256', secret: 'a secret of thirty-two characters and more' }] as const
/** 2100, in microseconds. */
const FAR = Date.UTC(2100, 0, 1) * 1000

const postgres = await postgresForFile()

describeWith('presence on two nodes of one PostgreSQL', postgres, (server) => {
  let database: TestDatabase
  let nodes: readonly TestServer[]
  let tokens: Tokens

  beforeAll(async () => {
    database = await server.database()
    tokens = createTokens({
      keys: await loadTokenKeys([...KEYS], () => Promise.reject(new Error('the keys are configured'))),
      clock: systemClock,
    })
    const start = (node: string): Promise<TestServer> =>
      TestServer.start({
        database: { engine: 'postgres', path: undefined, url: database.url, node },
        tokens: { keys: KEYS },
        log: { level: 'warn' },
      })
    nodes = [await start('a'), await start('b')]
  })
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()))
    await database.drop()
  })

  const token = (user: string): Promise<string> =>
    tokens.mintClient({
      ...{ client: `app-of-${user}`, user, expiresAt: FAR },
      grants: { presence: { set: true, read: ['*'] } },
    })

  it(`${String(LOAD.clients)} clients, of whom ${String(LOAD.perSecond)} a second change: each reader gets the last state of each that it reads, in order`, async () => {
    const began = process.cpuUsage()
    const load = await PresenceLoad.open({ ...LOAD, nodes: nodes.map(({ url }) => url), token })
    const opened = process.cpuUsage(began)
    const before = process.cpuUsage()
    const report = await load.run()
    const { user, system } = process.cpuUsage(before)
    process.stderr.write(
      `presence: ${JSON.stringify({
        ...LOAD,
        ...report,
        faults: report.faults.length,
        openingCpuSeconds: Math.round((opened.user + opened.system) / 1e6),
        cpuSeconds: Math.round((user + system) / 1e5) / 10,
      })}\n`,
    )
    expect(report.faults.slice(0, 20)).toEqual([])
    expect(report.changes).toBe(LOAD.perSecond * LOAD.seconds)
    await agree()
    await load.close()
    for (const { logged } of nodes) expect(logged.filter(({ level }) => level === 'error')).toEqual([])
  }, 600_000)

  /** What one node says of a user, the other does as well. */
  async function agree(): Promise<void> {
    const authorization = `Bearer ${await token('somebody')}`
    // Those that were changed first.
    for (const n of [0, 1, 2, 3].map((nth) => (nth * 7919) % LOAD.clients)) {
      const said = await Promise.all(
        nodes.map(async ({ url }) => {
          const answer = await fetch(`${url}/v1/presence/user-${String(n)}`, { headers: { authorization } })
          return answer.json()
        }),
      )
      expect(said[0]).toMatchObject({ set: true })
      expect(said[1]).toEqual(said[0])
    }
  }
})
