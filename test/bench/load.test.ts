import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { arrivals } from '../../bench/load/arrivals.js'
import { Player } from '../../bench/load/player.js'
import type { Plan } from '../../bench/load/plan.js'
import { freePorts } from '../../bench/load/ports.js'
import { readPushes } from '../../bench/load/push-server.js'
import { respond } from '../../bench/load/messages.js'
import { headersOf, indexOfCallId, memberOf } from '../../bench/load/scan.js'
import { MinimalServer } from '../../bench/load/minimal-server.js'
import {
  emptyMoments,
  joinMoments,
  latenciesOf,
  latencyOf,
  moments,
  percentilesOf,
} from '../../bench/load/stages.js'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function playerOf(more: Partial<Plan>): Promise<Player> {
  const plan: Plan = {
    worker: 0,
    server: { host: '127.0.0.1', port: 9 },
    domain: 'example.net',
    pushPort: 0,
    phones: 20,
    proof: 'token',
    pushMs: 0,
    wakeMs: 0,
    ringMs: 0,
    talkMs: 0,
    delayMs: 0,
    rtp: false,
    ...more,
  }
  const player = await Player.open(plan)
  closing.push(() => player.close())
  return player
}

async function withMinimalServer(more: Partial<Plan> = {}): Promise<Player> {
  const [port = 0, pushPort = 0] = await freePorts(2)
  const player = await playerOf({ server: { host: '127.0.0.1', port }, pushPort, ...more })
  const server = await MinimalServer.open(port, [pushPort])
  closing.push(() => server.close())
  return player
}

const RUN = { name: 't', calls: 20, perSecond: 500, arrivals: 'fixed', seed: 1, deadlineMs: 20_000 } as const

describe('the load generator', () => {
  it('plays calls from INVITE to the 200 of BYE, and knows each moment of them, in order', async () => {
    const player = await withMinimalServer({ ringMs: 1, wakeMs: 1, pushMs: 1 })
    const { completed, failures, moments: all } = await player.run(RUN)
    expect({ completed, failures }).toEqual({ completed: 20, failures: {} })
    const order = [
      'invite',
      'pushed',
      'pushAnswered',
      'registerSent',
      'deviceInvited',
      'answered',
      'ended',
    ] as const
    for (let call = 0; call < RUN.calls; call++) {
      const times = order.map((moment) => all[moment][call] ?? NaN)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(moments.filter((moment) => Number.isNaN(all[moment][call]))).toEqual([])
    }
  })

  it('plays the link of a device that is far away', async () => {
    const player = await withMinimalServer({ delayMs: 5 })
    const { completed, moments: all } = await player.run(RUN)
    expect(completed).toBe(20)
    // The phone itself takes no time; its link is not the server's.
    const away = all.deviceAnswered.map((at, call) => at - (all.deviceInvited[call] ?? NaN))
    expect(Math.min(...away)).toBeGreaterThanOrEqual(10)
  })

  it('calls phones that are awake with no push, and counts what the server adds without one', async () => {
    const player = await withMinimalServer({ awake: true })
    await player.makeKnown()
    // Each phone twice: it takes the next call as it took the first.
    for (const name of ['t', 'u']) {
      const { completed, moments: all } = await player.run({ ...RUN, name })
      expect(completed).toBe(20)
      expect(all.pushed.every(Number.isNaN)).toBe(true)
      expect(latenciesOf('added', all)).toHaveLength(20)
    }
  })

  it('says what a call waited for in vain', async () => {
    // Somebody who never answers, and no port that refuses.
    const deaf = createSocket('udp4').bind(0, '127.0.0.1')
    closing.push(async () => void (await once(deaf.close(), 'close')))
    await once(deaf, 'listening')
    const player = await playerOf({ server: { host: '127.0.0.1', port: deaf.address().port } })
    const { completed, failures } = await player.run({ ...RUN, calls: 3, deadlineMs: 50 })
    expect({ completed, failures }).toEqual({ completed: 0, failures: { 'no push in time': 3 } })
  })

  it('fails calls for which no phone is left, and goes on with the others', async () => {
    const player = await withMinimalServer({ phones: 2, talkMs: 200 })
    const { completed, failures } = await player.run({ ...RUN, calls: 3, perSecond: 10_000 })
    expect({ completed, failures }).toEqual({ completed: 2, failures: { 'no phone was asleep': 1 } })
  })
})

describe('calls that are held', () => {
  const held = { ...RUN, holds: true } as const

  it('wait for phones that sleep on, and end by CANCEL, each with its final response', async () => {
    const player = await withMinimalServer({ phones: 100 })
    const { completed, failures, moments: all } = await player.run({ ...held, calls: 100, perSecond: 1e6 })
    expect({ completed, failures }).toEqual({ completed: 100, failures: {} })
    expect(all.registerSent.every(Number.isNaN)).toBe(true)
    expect(await player.cancelHeld()).toBe(100)
    // None of them is left, and their phones can be called again.
    expect(await player.cancelHeld()).toBe(0)
    expect((await player.run({ ...RUN, name: 'u' })).completed).toBe(20)
  })

  it('leave the phones of others to whole calls beside them', async () => {
    const player = await withMinimalServer({ phones: 30 })
    await player.run({ ...held, calls: 10, phones: { from: 0, count: 10 } })
    const beside = await player.run({ ...RUN, name: 'b', phones: { from: 10, count: 20 } })
    expect({ completed: beside.completed, failures: beside.failures }).toEqual({
      completed: 20,
      failures: {},
    })
    expect(await player.cancelHeld()).toBe(10)
  })
})

describe('the arrivals of calls', () => {
  it('come at even distances, or at random ones of the same mean that a seed repeats', () => {
    expect([...arrivals('fixed', 4, 100, 1)]).toEqual([0, 10, 20, 30])
    const random = arrivals('poisson', 10_000, 100, 7)
    expect(random).toEqual(arrivals('poisson', 10_000, 100, 7))
    expect((random.at(-1) ?? 0) / 10_000).toBeGreaterThan(9.5)
    expect((random.at(-1) ?? 0) / 10_000).toBeLessThan(10.5)
  })
})

describe('the figures of a run', () => {
  it('leave what phone and push service took out of the server-added total', () => {
    const all = emptyMoments(1)
    const times = {
      invite: 0,
      pushed: 2,
      registerSent: 60,
      deviceInvited: 63,
      deviceAnswered: 1063,
      answered: 1064,
    }
    for (const [moment, at] of Object.entries(times)) all[moment as keyof typeof times][0] = at
    expect(latencyOf('added', all, 0)).toBe(6)
    expect(latencyOf('bye', all, 0)).toBeNaN()
  })

  it('are percentiles by nearest rank, over the calls of all processes', () => {
    const [one, other] = [emptyMoments(1), emptyMoments(2)]
    one.invite[0] = 5
    other.invite.set([6, 7])
    expect([...joinMoments([one, other]).invite]).toEqual([5, 6, 7])
    expect(percentilesOf(Float64Array.from({ length: 100 }, (_, n) => n + 1))).toEqual({
      p50: 50,
      p90: 90,
      p99: 99,
      max: 100,
    })
    expect(percentilesOf(new Float64Array()).p99).toBeNaN()
  })
})

describe('the reading of the generator', () => {
  it('takes pushes from a connection as they come in pieces, several at once', () => {
    const push = (token: string): string =>
      `POST /push/7 HTTP/1.1\r\ncontent-length: ${token.length}\r\n\r\n${token}`
    const text = push('abc') + push('de')
    for (let cut = 0; cut <= text.length; cut++) {
      const got: string[] = []
      const take = (path: string, body: string): void => void got.push(`${path} ${body}`)
      const rest = readPushes(text.slice(0, cut), take)
      expect(readPushes(rest + text.slice(cut), take)).toBe('')
      expect(got).toEqual(['/push/7 abc', '/push/7 de'])
    }
  })

  it('answers a request with all of its Vias, in order, and its own tag', () => {
    const request =
      'INVITE sip:1@h SIP/2.0\r\nVia: a\r\nVia: b\r\nTo: <sip:1@h>\r\nCall-ID: c12-x\r\nSubject: s\r\nCSeq: 1 INVITE\r\n\r\n'
    const response = respond(request, '200 OK', 'tag')
    expect(headersOf(response, 'Via')).toEqual(['a', 'b'])
    expect(headersOf(response, 'To')).toEqual(['<sip:1@h>;tag=tag'])
    expect(headersOf(response, 'Subject')).toEqual([])
    expect(indexOfCallId(response, 'c')).toBe(12)
    expect(indexOfCallId(response, 'r')).toBeNaN()
    expect(memberOf('{"a":"1","token":"x.y"}', 'token')).toBe('x.y')
  })
})
