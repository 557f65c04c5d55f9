import { describe, expect, it, onTestFinished } from 'vitest'
import type { Grants } from '../../src/clients/tokens/claims.js'
import { createTokens } from '../../src/clients/tokens/tokens.js'
import { presenceRoutes } from '../../src/http/routes/presence.js'
import { createLocalBus } from '../../src/adapters/bus/local.js'
import { systemClock } from '../../src/adapters/system/clock.js'
import { createPresence } from '../../src/presence/service.js'
import { FakeStore } from '../support/fake-store.js'
import { sharedKeys } from '../tokens/keys.js'
import { RecordingLog } from '../wake/recording-log.js'
import { type Answer, startServer } from './support/server.js'

interface Api {
  readonly store: FakeStore
  readonly ask: (grants: Grants, method: string, path: string, body?: object) => Promise<Answer>
}

/** The API of alice's app, with presence on a store in memory. */
async function start(): Promise<Api> {
  const [store, log, clock] = [new FakeStore(), new RecordingLog(), systemClock]
  const tokens = createTokens({ keys: await sharedKeys(), clock })
  const presence = createPresence({
    ...{ store, clock, log, bus: createLocalBus({ log }), limits: { batchMs: 1, tickMs: 5 } },
  })
  onTestFinished(() => presence.close())
  const server = await startServer({ store, clients: { tokens, routes: presenceRoutes(presence) } })
  return {
    store,
    async ask(grants, method, path, body) {
      const expiresAt = clock.now() + 60_000_000
      const token = await tokens.mintClient({ client: 'app', user: 'alice', expiresAt, grants })
      return server.get(path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    },
  }
}

const BOTH: Grants = { presence: { set: true, read: ['bob'] } }
const missing = { type: '/problems/grant-missing', grant: 'presence' }

describe('presence', () => {
  it('is set for the user of the token, and read by those who may', async () => {
    const { ask } = await start()
    const set = await ask(BOTH, 'PUT', '/v1/presence', { state: 'busy', note: 'on stage' })
    expect(set.status).toBe(200)
    expect(set.json()).toMatchObject({ user: 'alice', state: 'busy', set: true, note: 'on stage' })
    const own = await ask(BOTH, 'GET', '/v1/presence/alice')
    expect(own.json()).toEqual(set.json())
    const bob = await ask(BOTH, 'GET', '/v1/presence/bob')
    expect(bob.json()).toEqual({
      ...{ user: 'bob', state: 'offline', set: false, version: 0 },
      ...{ registered: false, wakeable: false, inCall: false },
    })
  })

  it.each<[string, Grants, string, string, object?]>([
    ['setting without the grant', { channel: true }, 'PUT', '/v1/presence', { state: 'busy' }],
    [
      'setting with the grant to read alone',
      { presence: { read: ['*'] } },
      'PUT',
      '/v1/presence',
      { state: 'busy' },
    ],
    ['reading without the grant', { channel: true }, 'GET', '/v1/presence/alice'],
    ['reading whom the grant does not name', BOTH, 'GET', '/v1/presence/carol'],
  ])(
    '%s is refused, and the refusal says which grant was missing',
    async (_name, grants, method, path, body) => {
      const { ask } = await start()
      const answer = await ask(grants, method, path, body)
      expect([answer.status, answer.json()]).toMatchObject([403, missing])
      expect(answer.headers.get('www-authenticate')).toContain('scope="presence"')
    },
  )

  it.each([
    [{ state: 'sleepy' }, '#/state'],
    [{ state: 'busy', note: 'x'.repeat(257) }, '#/note'],
    [{ state: 'busy', expires: 1 }, '#/expires'],
    [{ state: 'busy', user: 'bob' }, '#/user'],
  ])('that is not one is refused: %j', async (body, pointer) => {
    const { ask } = await start()
    const answer = await ask(BOTH, 'PUT', '/v1/presence', body)
    expect([answer.status, answer.json()]).toMatchObject([400, { errors: [{ pointer }] }])
  })

  it('can neither be set nor read while the database is away', async () => {
    const { ask, store } = await start()
    store.failWhile(() => true)
    expect((await ask(BOTH, 'PUT', '/v1/presence', { state: 'busy' })).status).toBe(503)
    expect((await ask(BOTH, 'GET', '/v1/presence/bob')).status).toBe(503)
  })
})
