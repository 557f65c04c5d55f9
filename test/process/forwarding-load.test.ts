import { afterAll, beforeAll, expect, test } from 'vitest'
import { CellNetwork } from '../../src/demo/carrier/index.js'
import { clientToken, TOKENS } from '../e2e/support/cell.js'
import { ForwardingLoad, type PlayedCall, tellStages } from '../support/forwarding-load.js'
import { PATIENCE_MS, type ServerProcess } from '../support/process.js'
import { samplesOf, untilQuiet } from './support/gauges.js'
import { Site } from './support/site.js'

const CALLS = 500
const PER_SECOND = 10
const SUBSCRIBERS = 100
const NAMES = Array.from({ length: SUBSCRIBERS }, (_, n) => n)

/** A server that is short of CPU is late, and no call of it is lost: each stage may take so long. */
const LATE_MS = 30_000
/**
 * An INVITE may go unanswered for 64·T1 = 32 s and, where its final answer comes then, be kept for as long again (timers
 * B and D, RFC 3261 §17.1.1.2).
 */
const TIMERS_MS = 75_000

const elsewhere = 'SIP;cause=200;text="Call completed elsewhere"'

let network: CellNetwork
let site: Site
let server: ServerProcess
let load: ForwardingLoad
let played: readonly PlayedCall[] = []

const cellOf = (n: number): string => `+1202555${1000 + n}`
const didOf = (n: number): string => `+1202555${5000 + n}`
const outsideOf = (n: number): string => `+1202555${8000 + n}`

function subscribers(): Record<string, unknown> {
  return Object.fromEntries(
    NAMES.map((n) => [
      cellOf(n),
      {
        user: `sub${n}`,
        did: didOf(n),
        secondaries: [
          { user: `awake${n}` },
          { user: `asleep${n}` },
          { number: outsideOf(n), trunk: 'carrier' },
        ],
        ring: '60s',
        patience: '60s',
      },
    ]),
  )
}

function users(): Record<string, unknown> {
  const names = NAMES.flatMap((n) => [`sub${n}`, `awake${n}`, `asleep${n}`])
  return Object.fromEntries(names.map((name) => [name, { password: 'secret', ring: '60s' }]))
}

beforeAll(async () => {
  network = await CellNetwork.open({
    proxy: { host: '127.0.0.1', port: 9 },
    didDomain: 'example.net',
    keepsLog: false,
    // Of a real one it is seconds.
    forwardAfterMs: 200,
  })
  const { host, port } = network.trunk.peer.local
  const carrier = { match: ['127.0.0.0/8'], trusted: true, proxy: `sip:${host}:${port}` }
  site = await Site.open({
    users: users(),
    subscribers: subscribers(),
    tokens: TOKENS,
    trunks: { carrier },
  })
  server = await site.start()
  network.trunk.proxy = server.address('udp')
  const { hostname, port: httpPort } = new URL(server.url)
  const tokens = await Promise.all(NAMES.map((n) => clientToken(`sub${n}`, `cell${n}`)))
  load = await ForwardingLoad.prepare({
    network,
    sip: { udp: server.address('udp'), tcp: server.address('tcp') },
    api: { host: hostname, port: Number(httpPort) },
    domain: 'example.net',
    push: site.push,
    provider: 'acme',
    password: 'secret',
    subscribers: SUBSCRIBERS,
    subscriber: (n) => ({
      cell: cellOf(n),
      token: tokens[n] ?? '',
      device: `cell${n}`,
      awake: `awake${n}`,
      asleep: `asleep${n}`,
      outside: outsideOf(n),
    }),
  })
}, 3 * PATIENCE_MS)

afterAll(async () => {
  try {
    await load.close()
    await network.close()
    await untilQuiet(server.url, { but: 'unanswered' })
    await untilQuiet(server.url, { withinMs: TIMERS_MS })
    expect((await samplesOf(server.url)).get('reveille_leaked_legs_total')).toBe(0)
    expect(server.errors).toEqual([])
    expect(server.stderr).toBe('')
  } finally {
    await site.close()
  }
}, TIMERS_MS + PATIENCE_MS)

test(
  '500 calls at cell phones at 10 a second, with three secondaries each, are all joined to whoever took them',
  async () => {
    const numbers = Array.from({ length: CALLS }, (_, n) => n)
    played = await load.run(numbers, PER_SECOND, LATE_MS)
    tellStages(played)
    tellJoining('at 10 a second', await joiningTimes(played.filter(({ waited }) => waited)))
    expect(
      played.flatMap(({ call, report }) => (report.failure ? [{ call, ...report.failure }] : [])),
    ).toEqual([])
    for (const { caller, report } of played) {
      expect(report.shown).toContain(caller)
      expect(report.others.map(({ reason }) => reason)).toEqual([elsewhere, elsewhere])
    }
    expect(load.faults).toEqual([])
    expect(load.left).toBe(0)
    await untilQuiet(server.url, { but: 'unanswered', withinMs: LATE_MS })
  },
  (CALLS / PER_SECOND) * 1000 + 3 * PATIENCE_MS,
)

interface Line {
  readonly seq: number
  readonly at: number
  readonly type: string
  readonly data: Readonly<Record<string, unknown>> | null
}
interface Detail {
  readonly timeline: { readonly stages: Readonly<Record<string, number>> }
  readonly events: readonly Line[]
}

async function journalOf(id: string): Promise<Detail> {
  const response = await fetch(`${server.url}/v1/admin/calls/${id}`)
  if (!response.ok) throw new Error(`call ${id}: ${response.status}`)
  return (await response.json()) as Detail
}

/** When each secondary first knew of the call: its push was taken, or its INVITE was answered in any way. */
function notifications(events: readonly Line[]): ReadonlyMap<unknown, Line> {
  const attemptOf = new Map(
    events.filter(({ type }) => type === 'dialled').map(({ data }) => [data?.['dial'], data?.['attempt']]),
  )
  const first = new Map<unknown, Line>()
  for (const event of events) {
    if (event.type !== 'push-delivered' && event.type !== 'dial-progressed') continue
    const attempt = event.data?.['attempt'] ?? attemptOf.get(event.data?.['dial'])
    if (!first.has(attempt)) first.set(attempt, event)
  }
  return first
}

test(
  'the order of each of them stands in its journal: report, all notified, instruction, INVITE, join',
  async () => {
    expect(played).toHaveLength(CALLS)
    for (const { report } of played) {
      const { events } = await journalOf(report.callId ?? '')
      const line = (type: string): Line => {
        const found = events.filter((event) => event.type === type)
        expect(found, `${type} of ${report.callId}`).toHaveLength(1)
        return found[0] as Line
      }
      const notified = [...notifications(events).values()]
      expect(notified).toHaveLength(3)
      const last = notified.reduce((one, other) => (one.seq > other.seq ? one : other))
      const firstOne = notified.reduce((one, other) => (one.seq < other.seq ? one : other))
      const order = [
        line('reported'),
        firstOne,
        last,
        line('instructed'),
        line('forwarded'),
        line('connected'),
      ]
      expect(order.map(({ seq }) => seq)).toEqual(order.map(({ seq }) => seq).sort((a, b) => a - b))
      expect(order.map(({ at }) => at)).toEqual(order.map(({ at }) => at).sort((a, b) => a - b))
    }
  },
  PATIENCE_MS,
)

test(
  'a caller who comes to a secondary that waits is joined to it in one step, which the timeline shows',
  async () => {
    const joining: number[] = []
    // One after another, so that none waits for the work that another one makes.
    for (let n = 0; n < 10; n++) {
      const [one] = await load.run([2 * n], PER_SECOND, LATE_MS)
      expect(one).toMatchObject({ waited: true, report: { result: 'joined' } })
      joining.push(...(await joiningTimes(one === undefined ? [] : [one])))
    }
    expect(joining).not.toContain(NaN)
    tellJoining('each alone', joining)
  },
  2 * PATIENCE_MS,
)

/** From the forwarded INVITE to the join, as the timeline of each call has it, ms. */
async function joiningTimes(calls: readonly PlayedCall[]): Promise<readonly number[]> {
  const times: number[] = []
  for (const { report } of calls) {
    const { forwarded = NaN, bridged = NaN } = (await journalOf(report.callId ?? '')).timeline.stages
    times.push((bridged - forwarded) / 1000)
  }
  return times
}

/** For who reads the output; they depend on the machine, and nothing is held against them. */
function tellJoining(how: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b)
  const of = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(1)
  process.stderr.write(
    `from the forwarded INVITE to the join, with the secondary waiting (${sorted.length} calls, ${how}): ` +
      `p50 ${of(0.5)} ms, p90 ${of(0.9)} ms, p99 ${of(0.99)} ms, max ${of(1)} ms\n`,
  )
}
