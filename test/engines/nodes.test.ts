import { afterEach, beforeEach, expect, it } from 'vitest'
import { LoadPlayer, tell } from '../support/load.js'
import { describeWith, postgresForFile, type TestDatabase } from '../support/postgres/index.js'
import { PATIENCE_MS, type ServerProcess } from '../support/process.js'
import { Deployment, tokenOf } from './support/deployment.js'
import { realServers } from './support/real-servers.js'
import { named } from './support/scene.js'

const CALLS = 200
const PER_SECOND = 5
/** A machine that is short of CPU is late, and no call is lost by it: each stage may take so long. */
const LATE_MS = 30_000

const servers = await realServers()
const postgres = typeof servers === 'string' ? servers : await postgresForFile()
const everything =
  typeof servers === 'string' ? servers : typeof postgres === 'string' ? postgres : { servers, postgres }

const USERS = named('user', CALLS)

/** Users whose calls a node had. */
function called({ logged }: ServerProcess): readonly string[] {
  return logged.flatMap(({ msg, to }) => (msg === 'call ended' ? [String(to)] : []))
}

/** Users whose REGISTERs a node accepted, each time that it did. */
function registered({ logged }: ServerProcess): readonly string[] {
  return logged.flatMap(({ msg, to }) => {
    const [, user] = /sip:(.+?)@/.exec(String(to)) ?? []
    return msg === 'REGISTER accepted' && user !== undefined ? [user] : []
  })
}

describeWith('two nodes on one drachtio-server and one PostgreSQL', everything, ({ servers, postgres }) => {
  let database: TestDatabase
  let deployment: Deployment | undefined
  beforeEach(async () => {
    database = await postgres.database()
  })
  afterEach(async () => {
    await deployment?.close()
    deployment = undefined
    await database.drop()
  }, PATIENCE_MS)

  /** `withheld`: a method, in lower case, that the first and the second node get no requests of. */
  async function play(...withheld: [string | undefined, string | undefined]): Promise<Deployment> {
    const now = (deployment = await Deployment.open({
      servers,
      database: database.url,
      users: USERS,
      withheld,
    }))
    const player = await LoadPlayer.prepare({
      server: now.sip,
      protocol: 'udp',
      domain: 'example.net',
      push: now.push,
      provider: 'acme',
      phones: CALLS,
      phone: (n) => {
        const user = USERS[n] ?? ''
        return { user, password: 'secret', token: tokenOf(user), uri: `sip:${user}@example.net` }
      },
    })
    try {
      const report = await player.run({
        calls: CALLS,
        perSecond: PER_SECOND,
        packets: 25,
        deadlineMs: LATE_MS,
      })
      tell('two nodes', report)
      expect(report.failures).toEqual([])
      expect(report).toMatchObject({ started: CALLS, completed: CALLS })
    } finally {
      await player.close()
    }
    await now.quiet()
    for (const { errors, stderr } of now.nodes) {
      expect(errors).toEqual([])
      expect(stderr).toBe('')
    }
    return now
  }

  it(
    `wake phones for ${CALLS} calls where the one gets every INVITE and the other every REGISTER`,
    async () => {
      const { nodes } = await play('register', 'invite')
      const [a, b] = nodes as [ServerProcess, ServerProcess]
      expect(new Set(called(a))).toEqual(new Set(USERS))
      expect(called(b)).toEqual([])
      expect(registered(a)).toEqual([])
      // Each at the start, and when it was woken.
      expect([...registered(b)].sort()).toEqual([...USERS, ...USERS].sort())
    },
    4 * PATIENCE_MS,
  )

  it(
    `wake phones for ${CALLS} calls where drachtio-server hands the requests out in turn`,
    async () => {
      const { nodes } = await play(undefined, undefined)
      const [a, b] = nodes as [ServerProcess, ServerProcess]
      expect(called(a)).toHaveLength(CALLS / 2)
      expect(called(b)).toHaveLength(CALLS / 2)
      expect(registered(a).length).toBeGreaterThan(0)
      expect(registered(b).length).toBeGreaterThan(0)
      expect(registered(a).length + registered(b).length).toBe(2 * CALLS)
    },
    4 * PATIENCE_MS,
  )
})
