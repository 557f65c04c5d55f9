import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tokenCommand } from '../../src/cli/token.js'
import type { StoreDeps } from '../../src/cli/store.js'
import { loadTokenKeys } from '../../src/clients/tokens/keys.js'
import { createTokens } from '../../src/clients/tokens/tokens.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { configuredKeys } from '../tokens/keys.js'
import { run } from './support/run.js'
import { site } from './support/site.js'

const SECRET = 's'.repeat(32)
const KEYED = `{users: {alice: {}}, tokens: {keys: [{id: k1, algorithm: HS256, secret: ${SECRET}}]}}`

const clock = new FakeClock()
const closed: StoreDeps = { openStore: () => Promise.reject(new Error('/x is in use by process 7')) }

async function readKeyed(token: string) {
  const keys = await configuredKeys({ id: 'k1', algorithm: 'HS256', secret: SECRET })
  return createTokens({ keys, clock }).verifyClient(token.trim())
}

describe('reveille token', () => {
  it('makes a token of the configured key, with no database at hand', async () => {
    const { config } = site(KEYED)
    const { code, out, err } = await run(tokenCommand(closed, clock), ['-c', config, '--user', 'alice'])
    expect([code, err]).toEqual([
      0,
      'alice of alice, until 2026-01-02 00:00:00Z: register, devices, invitations, channel, primary-calls\n',
    ])
    expect(await readKeyed(out)).toEqual({
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
    const { config, directory } = site('users: {alice: {}}')
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
