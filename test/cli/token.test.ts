import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tokenCommand } from '../../src/cli/token.js'
import type { StoreDeps } from '../../src/cli/store.js'
import { createIssuer } from '../../src/clients/tokens/issuer.js'
import { loadTokenKeys } from '../../src/clients/tokens/keys.js'
import { createRevocations } from '../../src/clients/tokens/revocations.js'
import { createTokens } from '../../src/clients/tokens/tokens.js'
import { adminTokens } from '../../src/http/routes/admin-tokens.js'
import { startServer } from '../http/support/server.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { configuredKeys, sharedKeys } from '../tokens/keys.js'
import { RecordingLog } from '../wake/recording-log.js'
import { run } from './support/run.js'
import { site } from './support/site.js'

const SECRET = 's'.repeat(32)
const KEYED = `{users: {alice: {}}, groups: {sales: {members: [{user: alice}]}}, tokens: {keys: [{id: k1, algorithm: HS256, secret: ${SECRET}}]}}`

const clock = new FakeClock()
const closed: StoreDeps = { openStore: () => Promise.reject(new Error('/x is in use by process 7')) }

async function readKeyed(token: string) {
  const keys = await configuredKeys({ id: 'k1', algorithm: 'HS256', secret: SECRET })
  return createTokens({ keys, clock }).verifyClient(token.trim())
}

/** A server with an admin token and a clock of its own. */
async function runningServer() {
  const [store, log] = [new FakeStore(), new RecordingLog()]
  const revocations = createRevocations({ store, bus: { publish: () => Promise.resolve() }, clock, log })
  const tokens = createTokens({ keys: await sharedKeys(), clock })
  const issuer = createIssuer({ tokens, clock, names: () => true })
  const routes = adminTokens({ issuer, revocations, lifetimeMs: () => 1000 })
  const { base } = await startServer({ adminToken: 'of-the-admin', clients: { tokens, routes } })
  return { port: Number(new URL(base).port), tokens, store }
}

describe('reveille token', () => {
  it('makes a token of the configured key, with no database at hand', async () => {
    const { config } = site(KEYED)
    const { code, out, err } = await run(tokenCommand(closed, clock), ['-c', config, '--user', 'alice'])
    const claims = await readKeyed(out)
    const { jti } = claims as { jti: string }
    expect([code, err]).toEqual([
      0,
      'alice of alice, until 2026-01-02 00:00:00Z: register, devices, invitations, channel, primary-calls\n' +
        `to take it back: reveille token --revoke ${jti}\n`,
    ])
    expect(claims).toEqual({
      ...{ client: 'alice', user: 'alice', jti: expect.any(String) as string },
      grants: { register: true, devices: true, invitations: true, channel: true, 'primary-calls': true },
      issuedAt: clock.now(),
      expiresAt: clock.now() + 86_400_000_000,
    })
  })

  it('gives it the name, device, grants and time that were asked for', async () => {
    const { config } = site(KEYED)
    const more = ['--client', 'phone-7', '--device', 'd1', '--grant', 'register, channel', '--for', '90m']
    const { out } = await run(tokenCommand(closed, clock), ['-c', config, '--user', 'alice', ...more])
    expect(await readKeyed(out)).toMatchObject({
      ...{ client: 'phone-7', user: 'alice', deviceId: 'd1', grants: { register: true, channel: true } },
      expiresAt: clock.now() + 5_400_000_000,
    })
  })

  it('gives it calls and presence, as the words of the grants say', async () => {
    const { config } = site(KEYED)
    const argv = ['-c', config, '--user', 'kiosk', '--incoming', '--presence', 'set, read:alice,read:*']
    const calling = ['--outgoing', '+1555*, user:*,group:sales', '--caller-id', '+15550100,+15550101']
    const { out } = await run(tokenCommand(closed, clock), [...argv, ...calling, '--calls', '2'])
    const to = ['+1555*', 'user:*', 'group:sales']
    expect(await readKeyed(out)).toMatchObject({
      ...{ client: 'kiosk', user: 'kiosk' },
      grants: {
        incoming: true,
        outgoing: { to, callerIds: ['+15550100', '+15550101'], calls: 2 },
        presence: { set: true, read: ['alice', '*'] },
      },
    })
    const named = await run(tokenCommand(closed, clock), [...argv, '--grant', 'channel'])
    expect(await readKeyed(named.out)).toMatchObject({ grants: { channel: true, incoming: true } })
  })

  it('is made, and taken back, by the running server that has the database for itself', async () => {
    const { port, tokens, store } = await runningServer()
    const { config, directory } = site(
      `{users: {alice: {}}, http: {port: ${String(port)}, admin-token: of-the-admin}}`,
    )
    mkdirSync(join(directory, 'data'))
    const command = tokenCommand(closed, clock)
    const made = await run(command, ['-c', config, '--user', 'alice', '--client', 'tablet', '--for', '60s'])
    expect(made.code).toBe(0)
    const claims = await tokens.verifyClient(made.out.trim())
    expect(claims).toMatchObject({ client: 'tablet', user: 'alice', grants: { channel: true } })
    const [, id = ''] = /--revoke (\S+)/.exec(made.err) ?? []
    for (const argv of [
      ['--revoke', id],
      ['--revoke-client', 'tablet'],
    ]) {
      expect(await run(command, ['-c', config, ...argv])).toEqual({
        ...{ code: 0, out: '' },
        err: `revoked by the server at http://127.0.0.1:${String(port)}\n`,
      })
    }
    const { revocations } = await store.revocations(0)
    expect(revocations).toMatchObject([
      { kind: 'token', id },
      { kind: 'client', client: 'tablet' },
    ])
    const refused = site(`{users: {alice: {}}, http: {port: ${String(port)}, admin-token: wrong}}`)
    const { code, err } = await run(command, ['-c', refused.config, '--revoke', id])
    expect([code, err]).toEqual([
      1,
      `reveille token: the server at http://127.0.0.1:${String(port)} answered 401: This is not the admin token.\n`,
    ])
  })

  it('is taken back in the database where no server runs', async () => {
    const store = new FakeStore()
    const { config, directory } = site('{users: {alice: {}}, http: {port: 0}}')
    const deps: StoreDeps = {
      openStore: () =>
        Promise.resolve(Object.assign(new FakeStore(store), { migrate: () => Promise.resolve([]) })),
    }
    const argv = ['-c', config, '--revoke-client', 'tablet']
    const none = await run(tokenCommand(deps, clock), argv)
    expect([none.code, none.err]).toEqual([
      1,
      'reveille token: no running server: the configuration names no port of it; ' +
        `and the database in ${join(directory, 'data')} does not exist\n`,
    ])
    mkdirSync(join(directory, 'data'))
    const done = await run(tokenCommand(deps, clock), argv)
    expect([done.code, done.err]).toEqual([0, `revoked by the database in ${join(directory, 'data')}\n`])
    expect((await store.revocations(0)).revocations).toEqual([
      { kind: 'client', client: 'tablet', at: clock.now() },
    ])
  })

  it('makes one of the secret in the database that the server checks by, and closes the database', async () => {
    const store = new FakeStore()
    const shared = await store.secret('tokens')
    const { config, directory } = site('users: {alice: {}}')
    mkdirSync(join(directory, 'data'))
    const uses = { closed: 0 }
    const deps: StoreDeps = {
      openStore: () =>
        Promise.resolve(
          Object.assign(new FakeStore(store), {
            migrate: () => Promise.resolve([]),
            close: () => Promise.resolve(void (uses.closed += 1)),
          }),
        ),
    }
    const { out } = await run(tokenCommand(deps, clock), ['-c', config, '--user', 'alice'])
    const keys = await loadTokenKeys([], () => Promise.resolve(shared))
    expect(await createTokens({ keys, clock }).verifyClient(out.trim())).toMatchObject({ user: 'alice' })
    expect(uses.closed).toBe(1)
  })

  it('says what to do where a running server has the database, or there is none', async () => {
    const { config, directory } = site('{users: {alice: {}}, http: {port: 0}}')
    const argv = ['-c', config, '--user', 'alice']
    const data = join(directory, 'data')
    const none = await run(tokenCommand(closed, clock), argv)
    mkdirSync(data)
    const taken = await run(tokenCommand(closed, clock), argv)
    const advice = 'configure tokens.keys, and no database is needed'
    expect([none.code, none.err]).toEqual([
      1,
      `reveille token: the database in ${data} does not exist; ${advice}\n`,
    ])
    expect([taken.code, taken.err]).toEqual([
      1,
      `reveille token: the database cannot be opened: /x is in use by process 7; ${advice}\n`,
    ])
  })

  it.each([
    [[], 2, '--user is missing'],
    [['--user', 'alcie'], 1, 'the configuration has no user alcie; did you mean alice?'],
    [
      ['--user', 'alice', '--grant', 'register,fly'],
      2,
      'there is no grant "fly"; there are register, devices, invitations, channel, primary-calls',
    ],
    [
      ['--user', 'alice', '--grant', 'incoming'],
      2,
      'there is no grant "incoming"; there are register, devices, invitations, channel, primary-calls; --incoming grants that',
    ],
    [['--user', 'alice', '--calls', '3'], 2, '--calls is of no use without --outgoing'],
    [
      ['--user', 'alice', '--outgoing', '*', '--calls', 'many'],
      2,
      '--calls needs a number from 1 to 10000, not "many"',
    ],
    [['--user', 'alice', '--presence', 'write'], 2, '--presence takes set and read:NAME, not "write"'],
    [
      ['--user', 'alice', '--outgoing', 'group:seles'],
      1,
      'the configuration has no group seles; did you mean sales?',
    ],
    [['--user', 'a b', '--incoming'], 1, '"a b" is no name that could be called'],
    [['--revoke', 'x', '--user', 'alice'], 2, '--user is of no use where tokens are taken back'],
    [['--revoke', 'x', '--revoke-client', 'y'], 2, '--revoke and --revoke-client are two commands'],
    [
      ['--user', 'alice', '--for', 'ever'],
      2,
      '--for needs a duration from 1s to 365d, such as 1h, not "ever"',
    ],
    [
      ['--user', 'alice', '--for', '366d'],
      2,
      '--for needs a duration from 1s to 365d, such as 1h, not "366d"',
    ],
  ])('refuses %j', async (argv, code, message) => {
    const { config } = site(KEYED)
    const ran = await run(tokenCommand(closed, clock), ['-c', config, ...argv])
    expect([ran.code, ran.out, ran.err.split('\n')[0]]).toEqual([code, '', `reveille token: ${message}`])
  })

  it('says which key cannot be used', async () => {
    const { config } = site(
      '{users: {alice: {}}, tokens: {keys: [{id: k1, algorithm: ES256, key-file: reveille.yaml}]}}',
    )
    const { code, err } = await run(tokenCommand(closed, clock), ['-c', config, '--user', 'alice'])
    expect(code).toBe(1)
    expect(err).toMatch(/^reveille token: token key k1: .*reveille\.yaml holds no PEM of a key\n$/)
  })
})
