import { afterAll, beforeAll, expect, it } from 'vitest'
import { samplesOf } from '../process/support/gauges.js'
import { LoadPlayer, tell } from '../support/load.js'
import { describeWith, postgresForFile, type TestDatabase } from '../support/postgres/index.js'
import { PATIENCE_MS } from '../support/process.js'
import { Deployment, tokenOf } from './support/deployment.js'
import { realServers } from './support/real-servers.js'
import { named } from './support/scene.js'

const CALLS = 500
const PER_SECOND = 10
/** A machine that is short of CPU is late, and no call is lost by it: each stage may take so long. */
const LATE_MS = 30_000

const servers = await realServers()
const postgres = typeof servers === 'string' ? servers : await postgresForFile()
const everything =
  typeof servers === 'string' ? servers : typeof postgres === 'string' ? postgres : { servers, postgres }

describeWith('drachtio-server, FreeSWITCH and PostgreSQL', everything, ({ servers, postgres }) => {
  const users = named('user', CALLS)
  let database: TestDatabase
  let deployment: Deployment
  beforeAll(async () => {
    database = await postgres.database()
    deployment = await Deployment.open({ servers, database: database.url, users })
  }, PATIENCE_MS)
  afterAll(async () => {
    await deployment.close()
    await database.drop()
  }, PATIENCE_MS)

  it(
    `carry ${CALLS} wake calls at ${PER_SECOND} a second with sound both ways, and keep nothing of them`,
    async () => {
      const { node, push, sip } = deployment
      const player = await LoadPlayer.prepare({
        server: sip,
        protocol: 'udp',
        domain: 'example.net',
        push,
        provider: 'acme',
        phones: CALLS,
        phone: (n) => ({
          user: `user${n}`,
          password: 'secret',
          token: tokenOf(`user${n}`),
          uri: `sip:user${n}@example.net`,
        }),
      })
      try {
        const report = await player.run({
          calls: CALLS,
          perSecond: PER_SECOND,
          packets: 25,
          deadlineMs: LATE_MS,
        })
        tell('real servers', report)
        expect(report.failures).toEqual([])
        expect(report).toMatchObject({ started: CALLS, completed: CALLS })
      } finally {
        await player.close()
      }
      await deployment.quiet()
      const samples = await samplesOf(node.url)
      expect(samples.get('reveille_leaked_legs_total')).toBe(0)
      for (const kind of ['call', 'event']) {
        expect(samples.get(`reveille_journal_lost_rows_total{kind="${kind}"}`)).toBe(0)
      }
      expect(node.errors).toEqual([])
      expect(node.stderr).toBe('')
    },
    6 * PATIENCE_MS,
  )
})
