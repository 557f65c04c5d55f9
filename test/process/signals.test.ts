import { afterEach, beforeEach, expect, test } from 'vitest'
import { header } from '../../src/demo/index.js'
import { PATIENCE_MS, type ServerProcess } from '../support/process.js'
import { bridge, finish, talk } from './support/calls.js'
import { Site, users } from './support/site.js'

let site: Site
let server: ServerProcess

beforeEach(async () => {
  site = await Site.open()
}, PATIENCE_MS)
afterEach(() => site.close(), PATIENCE_MS)

test(
  'SIGHUP takes a new user in, who can register and be called, and leaves live calls alone',
  async () => {
    server = await site.start()
    const live = await bridge(await site.caller(), await site.registeredPhone('alice'))
    const carol = await site.phone('carol')
    expect((await carol.register()).status).toBe(401)

    await site.configure({ users: users('alice', 'bob', 'carol') })
    server.signal('SIGHUP')
    expect(await server.says('the configuration was reloaded')).toMatchObject({ applied: ['users'] })

    expect((await carol.register()).status).toBe(200)
    await finish(await bridge(await site.caller(), carol))
    await talk(live)
  },
  PATIENCE_MS,
)

test(
  'SIGHUP while the server starts ends nothing: the configuration is read again once it is up',
  async () => {
    server = site.launch()
    // Its last words before it is up.
    await server.says('HTTP listens')
    await site.configure({ drain: { timeout: '1h' } })
    server.signal('SIGHUP')
    expect(await server.says('the configuration was reloaded')).toMatchObject({ applied: ['drain'] })
    await server.says('Reveille is up')
  },
  PATIENCE_MS,
)

test(
  'SIGHUP on a bad edit keeps the running configuration, and says what is wrong where',
  async () => {
    server = await site.start()
    const alice = await site.registeredPhone('alice')
    await site.write('users:\n  alice:\n    pasword: secret\n')
    server.signal('SIGHUP')
    const line = await server.says('the configuration is bad: the running one stays')
    expect(line.level).toBe('error')
    expect(line['problems']).toContain(`${site.config}:3`)
    expect(line['problems']).toMatch(/pasword.*did you mean.*password/)
    await finish(await bridge(await site.caller(), alice))

    await site.configure({ users: users('alice', 'bob'), drain: { timeout: '1s' }, http: { port: 1 } })
    server.signal('SIGHUP')
    expect(await server.says('the configuration was reloaded')).toMatchObject({ applied: ['drain'] })
    expect(await server.says('these changes wait for a restart')).toMatchObject({
      needRestart: ['http.port'],
    })
  },
  PATIENCE_MS,
)

test(
  'SIGTERM refuses new calls, lets the live one end by itself, and then ends the server',
  async () => {
    await site.configure({ drain: { timeout: '1h' } })
    server = await site.start()
    const caller = await site.caller()
    const live = await bridge(caller, await site.registeredPhone('alice'))
    await site.registeredPhone('bob')

    server.signal('SIGTERM')
    await server.says('stopping: no new calls, live ones may end')
    const refused = await (await caller.call('sip:bob@example.net')).outcome
    expect(refused).toMatchObject({ kind: 'failed', status: 503 })
    if (refused.kind !== 'failed') throw new Error('the call was not refused')
    expect(Number(header(refused.response, 'Retry-After'))).toBeGreaterThan(0)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    await talk(live)

    live.incoming.hangUp()
    expect(await live.call.ended).toMatchObject({ how: 'bye', by: 'them' })
    expect(await server.exited).toEqual({ code: 0, signal: null })
    expect(server.logged.at(-1)).toMatchObject({ msg: 'stopped' })
    expect(server.errors).toEqual([])
    expect(server.stderr).toBe('')
  },
  PATIENCE_MS,
)

test(
  'a call that outlives the drain timeout is ended with BYE on both sides, and why',
  async () => {
    await site.configure({ drain: { timeout: '1s' } })
    server = await site.start()
    const { call, incoming } = await bridge(await site.caller(), await site.registeredPhone('alice'))
    server.signal('SIGTERM')
    const bye = { how: 'bye', by: 'them', reason: expect.stringContaining('Server shutting down') as string }
    expect(await Promise.all([call.ended, incoming.ended])).toMatchObject([bye, bye])
    expect(await server.exited).toEqual({ code: 0, signal: null })
    const { calls } = await site.json<{ calls: unknown[] }>('calls')
    expect(calls).toMatchObject([{ ending: { cause: 'drained', by: 'server' } }])
  },
  PATIENCE_MS,
)

test.each(['SIGTERM', 'SIGINT'] as const)(
  'a second signal, %s, ends live calls at once, and a caller that waits gets 503',
  async (second) => {
    await site.configure({ drain: { timeout: '1h' } })
    server = await site.start()
    const caller = await site.caller()
    const { call, incoming } = await bridge(caller, await site.registeredPhone('alice'))
    await site.sleepingPhone('bob')
    const waiting = await caller.call('sip:bob@example.net')
    await waiting.provisional('with-sdp')
    await site.push.nextPush('token-bob')

    server.signal('SIGTERM')
    await server.says('stopping: no new calls, live ones may end')
    server.signal(second)
    const outcome = await waiting.outcome
    expect(outcome).toMatchObject({ kind: 'failed', status: 503 })
    expect(outcome.kind === 'failed' && Number(header(outcome.response, 'Retry-After'))).toBeGreaterThan(0)
    expect(await Promise.all([call.ended, incoming.ended])).toMatchObject([{ how: 'bye' }, { how: 'bye' }])
    expect(await server.exited).toEqual({ code: 0, signal: null })
    expect(server.errors).toEqual([])
  },
  PATIENCE_MS,
)

test(
  'a caller that waits when the server is told to stop is still connected to the phone that wakes up',
  async () => {
    await site.configure({ drain: { timeout: '1h' } })
    server = await site.start()
    const phone = await site.sleepingPhone('alice')
    const call = await (await site.caller()).call('sip:alice@example.net')
    await site.push.nextDelivery('token-alice')
    server.signal('SIGTERM')
    await server.says('stopping: no new calls, live ones may end')

    expect((await phone.wake()).status).toBe(200)
    const incoming = await phone.nextCall()
    await Promise.all([call.answered(), incoming.established])
    await talk({ call, incoming })
    await finish({ call, incoming })
    expect(await server.exited).toEqual({ code: 0, signal: null })
  },
  PATIENCE_MS,
)
