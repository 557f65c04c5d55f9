import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Caller, header, headerLines, type Phone } from '../../src/demo/index.js'
import { cancelOf } from '../../src/demo/sip/build.js'
import { samplesOf } from '../process/support/gauges.js'
import { until } from '../process/support/poll.js'
import { createDatabase, describeWith, ownPostgres, type TestDatabase } from '../support/postgres/index.js'
import { PATIENCE_MS } from '../support/process.js'
import { Deployment, tokenOf } from './support/deployment.js'
import { untilNoChannels } from './support/leftovers.js'
import { ownedServers } from './support/real-servers.js'
import { endings } from './support/records.js'
import {
  hangUp,
  hearOn,
  type Live,
  liveCalls,
  named,
  untilAWakeCallSucceeds,
  type Waiting,
  waitingCalls,
  wakeAll,
} from './support/scene.js'

const EACH = 50
const LIVE = named('live', EACH)
const ASLEEP = named('asleep', EACH)
const LATER = 'later'
const NO_DATABASE = 'the database is away: phones cannot register'

const servers = await ownedServers()
const postgres = typeof servers === 'string' ? servers : await ownPostgres()
const everything =
  typeof servers === 'string' ? servers : typeof postgres === 'string' ? postgres : { servers, postgres }

describeWith(`${EACH} live and ${EACH} waiting calls`, everything, ({ servers, postgres }) => {
  let database: TestDatabase
  let deployment: Deployment
  let caller: Caller
  /** Called when the server is back. */
  let later: Phone
  let live: readonly Live[]
  let waiting: readonly Waiting[]
  beforeEach(async () => {
    // A test that failed may have left one away.
    await Promise.all([servers.sip.restart(), servers.media.restart(), postgres.restart()])
    database = await createDatabase(postgres.url)
    const users = [...LIVE, ...ASLEEP, LATER]
    deployment = await Deployment.open({ servers, database: database.url, users })
    caller = await deployment.caller()
    later = await deployment.sleepingPhone(LATER)
    live = await liveCalls(deployment, caller, LIVE)
    waiting = await waitingCalls(deployment, caller, ASLEEP)
  }, 2 * PATIENCE_MS)
  afterEach(async () => {
    await deployment.close()
    await database.drop()
  }, PATIENCE_MS)

  /** The server away for as long as it takes until it is looked for as seldom as it ever is. */
  async function lookedForSeldom(message: string): Promise<void> {
    const seldom = () =>
      deployment.node.logged.some(({ msg, retryMs }) => msg === message && retryMs === 2_000)
    await until(`"${message}", each 2 s`, () => Promise.resolve(seldom()), 20_000)
  }

  async function stillUp(faults: readonly string[] = []): Promise<void> {
    const { node } = deployment
    expect(node.over).toBe(false)
    expect(node.errors.filter(({ msg }) => !faults.includes(msg))).toEqual([])
    expect(node.stderr).toBe('')
    const samples = await samplesOf(node.url)
    expect(samples.get('reveille_leaked_legs_total')).toBe(0)
    for (const kind of ['call', 'event']) {
      expect(samples.get(`reveille_journal_lost_rows_total{kind="${kind}"}`)).toBe(0)
    }
  }

  /** Every phone that was pushed is told, by a push as well, why nobody is there any more. */
  async function toldByPush(reason: string): Promise<void> {
    const told = () =>
      ASLEEP.filter((user) => {
        const pushes = deployment.push.pushesTo(tokenOf(user))
        return pushes.length === 2 && pushes[1]?.payload['reason'] === reason
      })
    await until(
      'all are told',
      () => Promise.resolve(told().length === EACH),
      10_000,
      () => `; ${told().length} are`,
    )
  }

  /** Of the calls that were there when the server was killed: each has the ending that its kind stands for. */
  async function allEnded(of: { readonly live: object; readonly waiting: object }): Promise<void> {
    const rows = await endings(database.url, [...LIVE, ...ASLEEP])
    for (const user of LIVE) expect(rows.get(user)?.ending).toMatchObject(of.live)
    for (const user of ASLEEP) expect(rows.get(user)?.ending).toMatchObject(of.waiting)
  }

  const back = (what: string, ms: number): void => {
    process.stderr.write(
      `${what}: from its return to sound in the first new call, ${(ms / 1000).toFixed(2)} s\n`,
    )
  }

  it(
    'end when drachtio-server is killed, and new ones come when it is back',
    async () => {
      await servers.sip.kill()
      await allEnded({
        live: { cause: 'engine-lost', by: 'server', status: 200 },
        waiting: { cause: 'engine-lost', by: 'server', status: 503 },
      })
      await toldByPush('SIP;cause=503;text="Server lost"')
      await untilNoChannels(servers.freeswitch)
      await lookedForSeldom('the SIP server is away')
      await servers.sip.restart()
      back('drachtio-server', await untilAWakeCallSucceeds(deployment, caller, later))

      // Nobody could tell them; when they ask, they hear that there is no such call.
      const byes = await Promise.all(live.flatMap(({ call, incoming }) => [call.bye(), incoming.bye()]))
      expect(new Set(byes.map(({ status }) => status))).toEqual(new Set([481]))
      const cancels = await Promise.all(
        waiting.map(
          ({ call }) =>
            new Promise<number>((resolve) => {
              const user = {
                onResponse: ({ status }: { status: number }) => resolve(status),
                onTimeout: () => resolve(408),
              }
              caller.peer.cancel(cancelOf(call.invite), caller.proxy, user)
            }),
        ),
      )
      expect(new Set(cancels)).toEqual(new Set([481]))
      await Promise.all(waiting.map(({ call }) => call.abandon()))
      await deployment.quiet()
      await stillUp()
    },
    4 * PATIENCE_MS,
  )

  it(
    'end when FreeSWITCH is killed, and new ones come when it is back',
    async () => {
      await servers.media.kill()
      for (const { call, incoming } of live) {
        for (const side of [call, incoming]) {
          expect(await side.ended).toMatchObject({
            how: 'bye',
            by: 'them',
            reason: 'SIP;cause=200;text="Server lost"',
          })
        }
      }
      for (const { call } of waiting) {
        const outcome = await call.outcome
        expect(outcome).toMatchObject({ kind: 'failed', status: 503 })
        if (outcome.kind !== 'failed') continue
        expect(headerLines(outcome.response, 'Reason')).toEqual(['SIP;cause=503;text="Server lost"'])
        expect(Number(header(outcome.response, 'Retry-After'))).toBeGreaterThan(0)
      }
      await toldByPush('SIP;cause=503;text="Server lost"')
      await allEnded({
        live: { cause: 'engine-lost', by: 'server', status: 200 },
        waiting: { cause: 'engine-lost', by: 'server', status: 503 },
      })
      await lookedForSeldom('the media server cannot be used')
      await servers.media.restart()
      back('FreeSWITCH', await untilAWakeCallSucceeds(deployment, caller, later))
      await deployment.quiet()
      await stillUp()
    },
    4 * PATIENCE_MS,
  )

  it(
    'go on when PostgreSQL is killed, and nothing of them is lost',
    async () => {
      const [ending, staying] = [live.slice(0, EACH / 2), live.slice(EACH / 2)]
      await postgres.crash()
      await Promise.all(live.map((one) => hearOn(one)))
      await Promise.all(ending.map((one, n) => hangUp(one, n % 2 === 0 ? 'caller' : 'phone')))
      const refused = await Promise.all(waiting.map(({ phone }) => phone.wake()))
      expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]))
      await deployment.node.says(NO_DATABASE)
      await postgres.restart()
      back('PostgreSQL', await untilAWakeCallSucceeds(deployment, caller, later))

      const woken = await wakeAll(waiting)
      await Promise.all(staying.map((one) => hearOn(one)))
      await Promise.all([...staying, ...woken].map((one, n) => hangUp(one, n % 2 === 0 ? 'caller' : 'phone')))
      const hungUp = { cause: 'hung-up', status: 200 }
      await allEnded({ live: hungUp, waiting: hungUp })
      await deployment.quiet()
      await stillUp([NO_DATABASE, 'REGISTER failed'])
    },
    4 * PATIENCE_MS,
  )
})
