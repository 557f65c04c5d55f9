import { afterEach, beforeEach, expect, test } from 'vitest'
import { PATIENCE_MS, type ServerProcess } from '../support/process.js'
import { bridge, finish } from './support/calls.js'
import { samplesOf } from './support/gauges.js'
import { until } from './support/poll.js'
import { Site } from './support/site.js'

interface Lists {
  readonly calls: readonly { readonly id: string }[]
  readonly devices: readonly { readonly id: string; readonly user: string }[]
}

let site: Site
let server: ServerProcess

beforeEach(async () => {
  site = await Site.open()
  server = await site.start()
}, PATIENCE_MS)
afterEach(() => site.close(), PATIENCE_MS)

/** One call that is over, down to its last row, and one device. */
async function somethingHappened(): Promise<void> {
  await finish(await bridge(await site.caller(), await site.registeredPhone('alice')))
  await until('both legs are closed, and everything is written', async () => {
    const samples = await samplesOf(server.url)
    const left = ['reveille_open_legs', 'reveille_journal_pending_rows'].map((name) => samples.get(name))
    return left.every((n) => n === 0)
  })
}

test(
  'calls and devices tell the same whether the server runs or not, and say whom they asked',
  async () => {
    await somethingHappened()
    const running = [await site.run('calls', '--json'), await site.run('devices', '--json')] as const
    for (const { code, err } of running) {
      expect(code).toBe(0)
      expect(err).toContain(`from the server at ${server.url}`)
    }
    const [{ calls }, { devices }] = running.map(({ out }) => JSON.parse(out) as Lists) as [Lists, Lists]
    expect(calls).toMatchObject([
      { to: 'alice', trunk: 'carrier', ending: { cause: 'hung-up', by: 'caller' } },
    ])
    expect(devices).toMatchObject([{ user: 'alice', push: { provider: 'acme' }, retired: null }])
    const id = calls[0]?.id ?? ''
    const shown = await site.run('calls', id)
    expect(shown.out).toMatch(/stages[\s\S]*INVITE[\s\S]*dialled[\s\S]*answered[\s\S]*bridged[\s\S]*ended/)

    server.signal('SIGTERM')
    await server.exited
    const stopped = [await site.run('calls', '--json'), await site.run('devices', '--json')]
    for (const [index, { code, err, out }] of stopped.entries()) {
      expect(code).toBe(0)
      expect(err).toContain('no running server')
      expect(JSON.parse(out)).toEqual(JSON.parse(running[index]?.out ?? ''))
    }
    expect((await site.run('calls', id)).out).toBe(shown.out)
  },
  PATIENCE_MS,
)

test(
  'check needs no server and disturbs none; migrate finds nothing to do, or who has the database',
  async () => {
    expect(await site.run('check')).toMatchObject({ code: 0, err: '' })
    const beside = await site.run('migrate')
    expect(beside.code).toBe(1)
    expect(beside.err).toContain(`is in use by process ${server.pid}`)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)

    server.signal('SIGTERM')
    await server.exited
    expect(await site.run('check')).toMatchObject({ code: 0, err: '' })
    const alone = await site.run('migrate')
    expect(alone).toMatchObject({ code: 0, err: '' })
    expect(alone.out).toMatch(/is up to date\n$/)
  },
  PATIENCE_MS,
)

test(
  'a call that is not there, and a command that is not there, end with an error and its exit code',
  async () => {
    const missing = await site.run('calls', 'no-such-call')
    expect(missing.code).toBe(1)
    expect(missing.err).toContain('there is no call no-such-call')
    const unknown = await site.run('cals')
    expect(unknown.code).toBe(2)
    expect(unknown.err).toContain('did you mean "calls"?')
  },
  PATIENCE_MS,
)
