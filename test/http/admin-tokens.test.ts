import { describe, expect, it } from 'vitest'
import { createIssuer } from '../../src/clients/tokens/issuer.js'
import { createRevocations } from '../../src/clients/tokens/revocations.js'
import { createTokens } from '../../src/clients/tokens/tokens.js'
import { knownNames } from '../../src/config/known-names.js'
import { parseConfig } from '../../src/config/index.js'
import { adminTokens } from '../../src/http/routes/admin-tokens.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { sharedKeys } from '../tokens/keys.js'
import { RecordingLog } from '../wake/recording-log.js'
import { startServer } from './support/server.js'

const CONFIG = `
users: {alice: {}, bob: {}}
groups: {sales: {members: [{user: bob}]}}
trunks: {main: {proxy: "sip:192.0.2.1"}}
`

async function startTokens() {
  const [clock, store, log] = [new FakeClock(), new FakeStore(), new RecordingLog()]
  const revocations = createRevocations({ store, bus: { publish: () => Promise.resolve() }, clock, log })
  const tokens = createTokens({ keys: await sharedKeys(), clock, revoked: revocations.revoked })
  const names = knownNames(parseConfig(CONFIG, 'r.yaml', {}))
  const issuer = createIssuer({ tokens, clock, names })
  const routes = adminTokens({ issuer, revocations, lifetimeMs: () => 3_600_000 })
  const server = await startServer({ adminToken: 'of-the-admin', clients: { tokens, routes } })
  const ask = (method: string, path: string, body?: unknown, bearer = 'of-the-admin') =>
    server.get(path, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const make = async (body: object) => {
    const answer = await ask('POST', '/v1/tokens', body)
    return { ...answer, made: answer.json() as { token: string; id: string } }
  }
  return { clock, store, tokens, ask, make }
}

describe('POST /v1/tokens', () => {
  it('makes a token that says what was asked for, and tells its id and end', async () => {
    const { clock, tokens, make } = await startTokens()
    const grants = {
      incoming: true,
      outgoing: {
        to: ['+1555*', 'user:*', 'group:sales'],
        trunk: 'main',
        callerIds: ['+15550100'],
        calls: 2,
      },
      presence: { set: true, read: ['*'] },
    }
    const { status, made } = await make({ client: 'kiosk-7', grants, expiresIn: 60 })
    expect([status, made]).toEqual([
      201,
      {
        ...{ token: expect.any(String) as string, id: expect.stringMatching(/^[\w-]{22}$/) as string },
        ...{ client: 'kiosk-7', user: 'kiosk-7', grants },
        expiresAt: new Date(clock.now() / 1000 + 60_000).toISOString(),
      },
    ])
    expect(await tokens.verifyClient(made.token)).toEqual({
      ...{ client: 'kiosk-7', user: 'kiosk-7', grants, jti: made.id },
      ...{ issuedAt: clock.now(), expiresAt: clock.now() + 60_000_000 },
    })
  })

  it('makes one for a user and a device, as long as is configured', async () => {
    const { clock, tokens, make } = await startTokens()
    const order = { client: 'tablet', user: 'alice', device: 'd1', grants: { channel: true, devices: false } }
    const { made } = await make(order)
    expect(await tokens.verifyClient(made.token)).toMatchObject({
      ...{ client: 'tablet', user: 'alice', deviceId: 'd1', grants: { channel: true } },
      expiresAt: clock.now() + 3_600_000_000,
    })
  })

  it('names the user that was probably meant, and takes any name where it is to be called', async () => {
    const { make } = await startTokens()
    const { status, json } = await make({ client: 'app', user: 'alcie', grants: { channel: true } })
    expect([status, json()]).toMatchObject([
      404,
      {
        type: '/problems/user-not-found',
        detail:
          'the configuration has no user alcie; did you mean alice?; a client of its own needs the grant incoming',
      },
    ])
    expect((await make({ client: 'app', user: 'alcie', grants: { incoming: { as: 'alcie' } } })).status).toBe(
      201,
    )
  })

  it.each([
    ['#/user', { user: 'a b', grants: { incoming: true } }],
    ['#/grants/incoming/as', { grants: { incoming: { as: 'bob' } } }],
    ['#/grants/fly', { grants: { fly: true } }],
    ['#/grants/outgoing/to', { grants: { outgoing: {} } }],
    ['#/grants/outgoing/to', { grants: { outgoing: { to: ['sip:bob@example.com'] } } }],
    ['#/grants/outgoing/to', { grants: { outgoing: { to: ['group:seles'] } } }],
    ['#/grants/outgoing/trunk', { grants: { outgoing: { to: ['*'], trunk: 'mian' } } }],
    ['#/grants/outgoing/calls', { grants: { outgoing: { to: ['*'], calls: 0 } } }],
    ['#/grants/outgoing/hours', { grants: { outgoing: { to: ['*'], hours: '9-17' } } }],
    ['#/grants/presence/read/0', { grants: { presence: { read: [''] } } }],
    ['#/expiresIn', { grants: {}, expiresIn: 366 * 86_400 }],
    [
      '#/grants',
      { grants: { outgoing: { to: Array.from({ length: 100 }, () => `user:${'x'.repeat(60)}`) } } },
    ],
  ])('says what is wrong with %s', async (pointer, more) => {
    const { make } = await startTokens()
    const { status, json } = await make({ client: 'alice', ...more })
    expect([status, json()]).toMatchObject([400, { type: '/problems/bad-request', errors: [{ pointer }] }])
  })

  it('is for the admin alone, and a token that it made opens nothing there', async () => {
    const { ask, make } = await startTokens()
    const { made } = await make({ client: 'alice', grants: {} })
    for (const bearer of ['wrong', made.token]) {
      expect((await ask('POST', '/v1/tokens', { client: 'alice', grants: {} }, bearer)).status).toBe(401)
      expect((await ask('DELETE', '/v1/tokens/x', undefined, bearer)).status).toBe(401)
      expect((await ask('DELETE', '/v1/clients/x/tokens', undefined, bearer)).status).toBe(401)
    }
  })
})

describe('a token that is revoked', () => {
  it('by its id is worthless, and no other of its client is', async () => {
    const { tokens, ask, make } = await startTokens()
    const [{ made: one }, { made: other }] = [
      await make({ client: 'alice', grants: {} }),
      await make({ client: 'alice', grants: {} }),
    ]
    for (const again of [1, 2]) {
      expect((await ask('DELETE', `/v1/tokens/${one.id}`)).status, String(again)).toBe(204)
    }
    expect(await tokens.verifyClient(one.token)).toEqual({ fault: 'revoked' })
    expect(await tokens.verifyClient(other.token)).toMatchObject({ client: 'alice' })
  })

  it('by its client is so with all that the client had, and not with what it gets then', async () => {
    const { clock, tokens, ask, make } = await startTokens()
    const client = 'app of/alice'
    const [{ made: first }, { made: second }] = [
      await make({ client, user: 'alice', grants: {} }),
      await make({ client, user: 'bob', grants: {} }),
    ]
    expect((await ask('DELETE', `/v1/clients/${encodeURIComponent(client)}/tokens`)).status).toBe(204)
    clock.advance(1)
    const { made: later } = await make({ client, user: 'alice', grants: {} })
    for (const { token } of [first, second])
      expect(await tokens.verifyClient(token)).toEqual({ fault: 'revoked' })
    expect(await tokens.verifyClient(later.token)).toMatchObject({ client })
  })

  it('is not said to be so while the database is away', async () => {
    const { store, ask } = await startTokens()
    store.failWhile((method) => method === 'revoke')
    expect((await ask('DELETE', '/v1/tokens/x')).status).toBe(503)
  })
})
