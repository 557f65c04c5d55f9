import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestServer, users } from '../support/server.js'
import { type Round, TenDevices, type Yes } from './support/ten-devices.js'

const elsewhere = 'SIP;cause=200;text="Call completed elsewhere"'

/** All that can cross, each in either order. */
const CROSSINGS: readonly (readonly [Yes, Yes])[] = [
  ['sip', 'sip'],
  ['sip', 'api-ringing'],
  ['api-ringing', 'sip'],
  ['sip', 'api-asleep'],
  ['api-asleep', 'sip'],
  ['api-ringing', 'api-ringing'],
  ['api-ringing', 'api-asleep'],
  ['api-asleep', 'api-ringing'],
  ['api-asleep', 'api-asleep'],
]

/** So many rounds where they are named; else each crossing at least once, and as many as the time has room for. */
const ROUNDS = process.env['REVEILLE_TEN_DEVICES_ROUNDS']
const BUDGET_MS = 15_000

let server: TestServer
let devices: TenDevices

beforeAll(async () => {
  server = await TestServer.start({ users: users(['ada'], { ring: '60s' }) })
  devices = await TenDevices.open(server, 'ada')
})
afterAll(async () => {
  devices.close()
  await server.close()
})

function goesOn(round: number, startedAt: number): boolean {
  if (ROUNDS !== undefined) return round < Number(ROUNDS)
  return round < CROSSINGS.length || performance.now() - startedAt < BUDGET_MS
}

test(
  'of two devices that answer at the same moment one has the call, and the nine others are told so, each time',
  async () => {
    const startedAt = performance.now()
    const rounds: Round[] = []
    for (let n = 0; goesOn(n, startedAt); n++) {
      const yeses = CROSSINGS[n % CROSSINGS.length] ?? ['sip', 'sip']
      const round = await devices.play(yeses, Math.floor(n / CROSSINGS.length))
      expect({ n, yeses, ...round }).toMatchObject({ winners: 1, left: 0 })
      expect(round.told.map(({ reason }) => reason)).toEqual(Array(9).fill(elsewhere))
      const asked = yeses.filter((yes) => yes !== 'sip').length
      expect(round.statuses.filter((status) => status === 200 || status === 409)).toHaveLength(asked)
      expect(round.statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(1)
      await server.quiet(10_000)
      rounds.push(round)
    }
    tell(rounds, (performance.now() - startedAt) / 1000)
  },
  ROUNDS === undefined ? 4 * BUDGET_MS + 60_000 : 60_000 + Number(ROUNDS) * 5_000,
)

/** For who reads the output; they depend on the machine, and nothing is held against them. */
function tell(rounds: readonly Round[], seconds: number): void {
  const crossed = rounds.filter((round) => round.crossed).length
  const close = rounds.filter((round) => round.apartMs < 1).length
  const by = (how: string): number =>
    rounds.flatMap(({ told }) => told).filter((one) => one.by === how).length
  process.stderr.write(
    `ten devices: ${rounds.length} rounds in ${seconds.toFixed(1)} s, both answers within one millisecond in ` +
      `${close}, two 200s crossed in ${crossed}; told by CANCEL ${by('cancelled')}, by BYE ${by('bye')}, ` +
      `by push ${by('push')}\n`,
  )
}
