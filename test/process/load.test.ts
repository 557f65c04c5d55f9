import { afterAll, beforeAll, expect, test } from 'vitest'
import { PATIENCE_MS, type ServerProcess } from '../support/process.js'
import { LoadPlayer, tell } from '../support/load.js'
import { samplesOf, untilQuiet } from './support/gauges.js'
import { Site } from './support/site.js'

/** A server that is short of CPU is late, and no call of it is lost: each stage may take so long. */
const LATE_MS = 30_000
/**
 * An INVITE may go unanswered for 64·T1 = 32 s and, where its final answer comes then, be kept for as long again (timers
 * B and D, RFC 3261 §17.1.1.2).
 */
const TIMERS_MS = 75_000

let site: Site
let server: ServerProcess
const players: LoadPlayer[] = []

beforeAll(async () => {
  site = await Site.open({ users: aThousandUsers() })
  server = await site.start()
}, PATIENCE_MS)

afterAll(async () => {
  try {
    for (const player of players) await player.close()
    await untilQuiet(server.url, { but: 'unanswered' })
    await untilQuiet(server.url, { withinMs: TIMERS_MS })
    expect((await samplesOf(server.url)).get('reveille_leaked_legs_total')).toBe(0)
    expect(server.errors).toEqual([])
    expect(server.stderr).toBe('')
  } finally {
    await site.close()
  }
}, TIMERS_MS + PATIENCE_MS)

function numberOf(n: number): string {
  return `+1555${String(n).padStart(4, '0')}`
}

/** user0 to user999, each called by a number and by name. */
function aThousandUsers(): Record<string, unknown> {
  const user = (n: number): [string, object] => [
    `user${n}`,
    { password: `secret${n}`, numbers: [numberOf(n)], ring: '60s' },
  ]
  return Object.fromEntries(Array.from({ length: 1000 }, (_, n) => user(n)))
}

/** Every one of the phones, from user `first` on, registered once and has slept since. */
async function prepare(protocol: 'udp' | 'tcp', first: number, phones: number): Promise<LoadPlayer> {
  const player = await LoadPlayer.prepare({
    server: server.address(protocol),
    protocol,
    domain: 'example.net',
    push: site.push,
    provider: 'acme',
    phones,
    phone: (n) => ({
      user: `user${first + n}`,
      password: `secret${first + n}`,
      token: `token${first + n}`,
      uri: `sip:${numberOf(first + n)}@example.net`,
    }),
  })
  players.push(player)
  return player
}

/** Calls that the server has seen end by a BYE, of either side. */
async function hungUp(): Promise<number> {
  const samples = await samplesOf(server.url)
  const by = (side: string): number => samples.get(`reveille_calls_total{cause="hung-up",by="${side}"}`) ?? 0
  return by('caller') + by('callee')
}

test(
  '200 wake calls at 20 a second over UDP, to 220 of 1,000 users, all succeed',
  async () => {
    const player = await prepare('udp', 0, 220)
    const before = await hungUp()
    const report = await player.run({ calls: 200, perSecond: 20, packets: 25, deadlineMs: LATE_MS })
    tell('udp', report)
    expect(report.failures).toEqual([])
    expect(report).toMatchObject({ started: 200, completed: 200 })
    expect(report.peak).toBeGreaterThan(5)
    expect((await hungUp()) - before).toBe(200)
  },
  2 * PATIENCE_MS,
)

test(
  '60 wake calls at 20 a second over TCP all succeed',
  async () => {
    const player = await prepare('tcp', 500, 60)
    const before = await hungUp()
    const report = await player.run({ calls: 60, perSecond: 20, packets: 25, deadlineMs: LATE_MS })
    tell('tcp', report)
    expect(report.failures).toEqual([])
    expect(report).toMatchObject({ started: 60, completed: 60 })
    expect((await hungUp()) - before).toBe(60)
  },
  2 * PATIENCE_MS,
)
