import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { Caller, Phone } from '../../src/demo/index.js'
import { PATIENCE_MS, type ServerProcess } from '../support/process.js'
import { describeWith, postgresForFile, type TestDatabase } from '../support/postgres/index.js'
import { isAlive } from '../support/processes.js'
import { bridge, finish, talk } from './support/calls.js'
import { until } from './support/poll.js'
import { Site, users } from './support/site.js'

const postgres = await postgresForFile()

test(
  'several workers on PGlite: the configuration error is said once, and nothing runs',
  async () => {
    const site = await Site.open()
    try {
      const { code, out, err } = await site.run('start', '--workers', '2')
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err.trim().split('\n')).toEqual([expect.stringMatching(/database\.engine: PGlite .* postgres/)])
    } finally {
      await site.close()
    }
  },
  PATIENCE_MS,
)

describeWith('two workers on one PostgreSQL and one embedded SIP server', postgres, (own) => {
  let database: TestDatabase
  let site: Site
  let server: ServerProcess

  beforeEach(async () => {
    database = await own.database()
    const url = { engine: 'postgres', url: database.url }
    site = await Site.open({ database: url, users: users('alice', 'bob', 'carol'), drain: { timeout: '1h' } })
  }, PATIENCE_MS)
  afterEach(async () => {
    await site.close()
    await database.drop()
  }, PATIENCE_MS)

  test(
    'take calls in turn, and a REGISTER wakes the call whichever of them each came to',
    async () => {
      server = await site.start('--workers', '2')
      const caller = await site.caller()
      const phone = await site.sleepingPhone('alice')
      await wakes(caller, phone, 2)
      // Calls and REGISTERs go to the two in turn: one REGISTER more, and they fall otherwise from then on.
      await (await site.phone('bob')).register()
      await wakes(caller, phone, 2)

      expect(await callsByWorker(server)).toEqual({ 1: 2, 2: 2 })
      const places = new Set(server.logged.filter(({ msg }) => msg === 'REGISTER accepted').map(workerOf))
      expect(places).toEqual(new Set([1, 2]))
      expect(server.errors).toEqual([])
      expect((await site.json<{ calls: unknown[] }>('calls')).calls).toHaveLength(4)
    },
    PATIENCE_MS,
  )

  test(
    'use RTP ports of their own, and answer as one by HTTP',
    async () => {
      server = await site.start('--workers', '2')
      const ranges = server.logged
        .filter(({ msg }) => msg === 'the worker is up')
        .map(({ rtp }) => rtp as Range)
      expect(ranges).toHaveLength(2)
      const [low, high] = ranges.toSorted((a, b) => a.from - b.from)
      expect(low?.to).toBeLessThan(high?.from ?? 0)
      const ready = await fetch(`${server.url}/readyz`)
      expect(await ready.json()).toMatchObject({ ready: true, parts: { workers: 'up' } })
      // Each time by another of them.
      for (let n = 0; n < 4; n++) {
        const text = await metrics(server)
        for (const worker of ['1', '2', 'parent'])
          expect(text).toContain(`process_cpu_user_seconds_total{worker="${worker}"}`)
        expect(text).toContain('reveille_sip_dialogs{worker="parent"} 0')
        const channel = new WebSocket(`${server.url.replace('http', 'ws')}/v1/client`)
        await once(channel, 'open')
        channel.terminate()
      }
    },
    PATIENCE_MS,
  )

  test(
    'one that is killed is replaced, and the calls of the other live on',
    async () => {
      server = await site.start('--workers', '2')
      const caller = await site.caller()
      const first = await bridge(caller, await site.registeredPhone('alice'))
      const second = await bridge(caller, await site.registeredPhone('bob'))
      const [one, two] = (await server.says('the workers are up'))['workers'] as [number, number]
      // A call whose row is not there yet is unknown to whoever takes the place.
      await until('both calls are written', async () => {
        const { calls } = await site.json<{ calls: unknown[] }>('calls')
        return calls.length === 2
      })
      process.kill(one, 'SIGKILL')
      const ended = await server.says('a worker has ended: another takes its place')
      expect(ended).toMatchObject({ worker: 1, pid: one, signal: 'SIGKILL', code: null })
      await talk(second)
      await until('both workers are up again', async () => (await fetch(`${server.url}/readyz`)).ok)
      await finish(second)
      await finish(await bridge(caller, await site.registeredPhone('carol')))
      const interrupted = await server.says('calls were interrupted by the last end of the server')
      expect(interrupted).toMatchObject({ worker: 1 })
      expect(interrupted['calls']).toHaveLength(1)
      await Promise.all([first.call.abandon(), first.incoming.abandon()])
      expect(isAlive(two)).toBe(true)
    },
    PATIENCE_MS,
  )

  test(
    'all drain at SIGTERM, and at another signal for the whole group as well; a second one ends the calls',
    async () => {
      server = await site.start('--workers', '2')
      const caller = await site.caller()
      const live = [
        await bridge(caller, await site.registeredPhone('alice')),
        await bridge(caller, await site.registeredPhone('bob')),
      ]
      const pids = (await server.says('the workers are up'))['workers'] as number[]
      // As systemd does, and a terminal: every process gets it.
      for (const pid of pids) process.kill(pid, 'SIGTERM')
      server.signal('SIGTERM')
      await server.says('stopping: no new calls, live ones may end')
      await until('neither takes new calls', async () => {
        const answers = await Promise.all([1, 2].map(() => fetch(`${server.url}/readyz`)))
        return answers.every(({ status }) => status === 503)
      })
      const refused = await (await caller.call('sip:carol@example.net')).outcome
      expect(refused).toMatchObject({ kind: 'failed', status: 503 })
      await Promise.all(live.map((one) => talk(one)))

      server.signal('SIGTERM')
      for (const { incoming } of live) expect(await incoming.ended).toMatchObject({ how: 'bye', by: 'them' })
      expect(await server.exited).toEqual({ code: 0, signal: null })
      expect(pids.filter(isAlive)).toEqual([])
      expect(server.errors).toEqual([])
    },
    PATIENCE_MS,
  )

  test(
    'none outlives its parent',
    async () => {
      server = await site.start('--workers', '2')
      const pids = (await server.says('the workers are up'))['workers'] as number[]
      await server.kill()
      await until('the workers have ended', () => Promise.resolve(!pids.some(isAlive)))
    },
    PATIENCE_MS,
  )

  test(
    'all read the configuration again at SIGHUP',
    async () => {
      server = await site.start('--workers', '2')
      const dave = await site.phone('dave')
      expect((await dave.register()).status).toBe(401)
      const url = { engine: 'postgres', url: database.url }
      await site.configure({ database: url, users: users('alice', 'dave') })
      server.signal('SIGHUP')
      expect(await server.says('the configuration was reloaded')).toMatchObject({
        applied: ['users', 'drain'],
      })
      // Whichever it comes to.
      await until('dave may register', async () => (await dave.register()).status === 200)
      expect((await dave.register()).status).toBe(200)
      expect((await dave.register()).status).toBe(200)
      expect(server.errors).toEqual([])
    },
    PATIENCE_MS,
  )

  async function wakes(caller: Caller, phone: Phone, times: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      const call = await caller.call('sip:alice@example.net')
      await site.push.nextDelivery('token-alice')
      expect((await phone.wake()).status).toBe(200)
      const incoming = await phone.nextCall()
      await Promise.all([call.answered(), incoming.established])
      await talk({ call, incoming })
      await finish({ call, incoming })
      await phone.sleep()
    }
  }
})

interface Range {
  readonly from: number
  readonly to: number
}

const workerOf = ({ worker }: { readonly [field: string]: unknown }): unknown => worker

async function metrics(server: ServerProcess): Promise<string> {
  return (await fetch(`${server.url}/metrics`)).text()
}

/** Calls that have ended, by the number of their worker. */
async function callsByWorker(server: ServerProcess): Promise<Record<string, number>> {
  const ended: Record<string, number> = {}
  const samples = (await metrics(server)).matchAll(/^reveille_calls_total\{worker="(\d+)".*\} (\d+)$/gm)
  for (const [, worker = '', count] of samples) ended[worker] = (ended[worker] ?? 0) + Number(count)
  return ended
}
