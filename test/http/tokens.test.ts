import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { ending } from '../../src/call/ending.js'
import { createTokens } from '../../src/clients/tokens/tokens.js'
import { sharedKeys } from '../tokens/keys.js'
import { HOLD_MS, startApi, type TestApi } from './support/api.js'

const OPERATIONS = [
  ['GET', '/v1/calls/c1'],
  ['POST', '/v1/calls/c1/accept'],
  ['POST', '/v1/calls/c1/decline'],
  ['POST', '/v1/calls/c1/hangup'],
] as const

/** Altered without a change of its length. */
function altered(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const flipped = payload.startsWith('e') ? `f${payload.slice(1)}` : `e${payload.slice(1)}`
  return [header, flipped, signature].join('.')
}

async function foreignKey({ clock }: TestApi): Promise<string> {
  const tokens = createTokens({ keys: await sharedKeys(), clock })
  return tokens.mintCall({ callId: 'c1', deviceId: 'phone', user: 'alice', expiresAt: clock.now() + 1e9 })
}

function unsigned(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { sub: 'alice', call: 'c1', device: 'phone', aud: 'reveille:call', exp: 4e9, jti: 'x' }
  return `${part({ alg: 'none', kid: 'reveille' })}.${part(claims)}.`
}

describe.each(OPERATIONS)('%s %s', (method, path) => {
  const body = path.endsWith('decline') ? { reason: 'busy' } : undefined

  it('asks for a token', async () => {
    const { ask } = await startApi()
    const answer = await ask(method, path, undefined, body)
    expect(answer.json()).toMatchObject({ type: '/problems/token-missing', status: 401 })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="reveille"')
  })

  it.each([
    ['an altered token', async (_: TestApi, token: string) => Promise.resolve(altered(token))],
    ['a token of another server', (api: TestApi) => foreignKey(api)],
    ['a token that nobody signed', () => Promise.resolve(unsigned())],
    ['a token of a client', (api: TestApi) => api.clientToken()],
    ['a text', () => Promise.resolve('let-me-in')],
    ['a very long text', () => Promise.resolve('x'.repeat(10_000))],
  ])('refuses %s', async (_, make) => {
    const api = await startApi()
    const token = await make(api, await api.ring('c1', 'phone'))
    const answer = await api.ask(method, path, token, body)
    expect(answer.json()).toMatchObject({ type: '/problems/token-invalid', status: 401 })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="reveille", error="invalid_token"')
    expect(api.calls.answerOf('c1', 'phone')).toBeUndefined()
  })

  it('refuses the token of another call', async () => {
    const { ring, ask, calls } = await startApi()
    await ring('c1', 'phone')
    const answer = await ask(method, path, await ring('c2', 'phone'), body)
    expect(answer.json()).toMatchObject({ type: '/problems/token-foreign', status: 403 })
    expect(calls.answerOf('c1', 'phone')).toBeUndefined()
  })

  it('refuses the token of a device that the call is not for', async () => {
    const { ring, ask, calls, tokens, clock } = await startApi()
    await ring('c1', 'phone')
    const claims = { callId: 'c1', deviceId: 'thief', user: 'mallory', expiresAt: clock.now() + 1e6 }
    const answer = await ask(method, path, await tokens.mintCall(claims), body)
    expect(answer.json()).toMatchObject({ type: '/problems/token-foreign', status: 403 })
    expect(calls.answerOf('c1', 'phone')).toBeUndefined()
  })

  it('refuses the token of a call that ended long ago', async () => {
    const { ring, ask, calls, clock } = await startApi()
    const token = await ring('c1', 'phone')
    calls.end('c1', ending('no-answer', 'server'))
    clock.advance(HOLD_MS + 5 * 60_000 + 1000)
    expect((await ask(method, path, token, body)).json()).toMatchObject({
      type: '/problems/token-expired',
      status: 401,
    })
  })
})

it.each(['accept', 'decline'])('a token cannot %s any more when the hold is over', async (verb) => {
  const { ring, ask, calls, clock } = await startApi()
  const token = await ring('c1', 'phone')
  clock.advance(HOLD_MS + 1000)
  const answer = await ask('POST', `/v1/calls/c1/${verb}`, token, verb === 'accept' ? {} : { reason: 'busy' })
  expect(answer.json()).toMatchObject({ type: '/problems/token-expired', status: 401 })
  expect(calls.answerOf('c1', 'phone')).toBeUndefined()
})

it('a late device still learns how the call ended, five minutes after the hold', async () => {
  const { ring, ask, calls, clock } = await startApi()
  const token = await ring('c1', 'phone')
  calls.end('c1', ending('no-answer', 'server'))
  clock.advance(HOLD_MS + 4 * 60_000)
  expect((await ask('GET', '/v1/calls/c1', token)).json()).toMatchObject({ ending: { cause: 'no-answer' } })
})

it('wrong tokens lock nobody out who has a good one, however many there are', async () => {
  const { base, ring, ask } = await startApi()
  const token = await ring('c1', 'phone')
  const forged = await new SignJWT({ call: 'c1', device: 'phone', aud: 'reveille:call', exp: 4e9 })
    .setProtectedHeader({ alg: 'HS256', kid: 'reveille' })
    .sign(Buffer.from('guessed'))
  const statuses = new Set<number>()
  for (let round = 0; round < 40; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        fetch(`${base}/v1/calls/c1/accept`, {
          method: 'POST',
          headers: { authorization: `Bearer ${forged.slice(0, -4)}${String(1000 + n)}` },
        }),
      ),
    )
    for (const answer of answers) {
      statuses.add(answer.status)
      await answer.arrayBuffer()
    }
  }
  expect([...statuses]).toEqual([401])
  expect((await ask('POST', '/v1/calls/c1/accept', token)).status).toBe(200)
})
