import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/adapters/system/clock.js'
import { loadTokenKeys } from '../../src/clients/tokens/keys.js'
import { createTokens, type Tokens } from '../../src/clients/tokens/tokens.js'
import { Lamp, stateOf } from '../presence/sip/lamp.js'
import { type ConfigTree, TestServer } from '../support/server.js'

const KEYS = [{ id: 'k', algorithm: 'HS256', secret: 'a secret of thirty-two characters and more' }] as const
/** 2100, in microseconds. */
const FAR = Date.UTC(2100, 0, 1) * 1000

/** Bob takes alice's calls while she is busy, an application while she is away; else she may take none. */
const WHEN = [
  { presence: 'busy', user: 'bob' },
  { presence: 'away', instructions: 'secretary' },
  { presence: ['in-call', 'do-not-disturb'], status: 486 },
]

const SECRETARY = { sources: { secretary: { do: [{ reject: { status: 480 } }] } } }

let server: TestServer
let tokens: Tokens
afterEach(() => server.quiet())

async function start(more: ConfigTree = SECRETARY): Promise<void> {
  server = await TestServer.start({
    ...{ tokens: { keys: KEYS }, instructions: more },
    users: { alice: { when: WHEN }, bob: { watches: ['alice'] } },
  })
  onTestFinished(() => server.close())
  tokens = createTokens({
    keys: await loadTokenKeys([...KEYS], () => Promise.reject(new Error('the keys are configured'))),
    clock: systemClock,
  })
}

async function ask(method: string, path: string, body?: object): Promise<Response> {
  const token = await tokens.mintClient({
    ...{ client: 'app', user: 'alice', expiresAt: FAR },
    grants: { presence: { set: true } },
  })
  return fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

async function set(state: string): Promise<void> {
  expect((await ask('PUT', '/v1/presence', { state })).status).toBe(200)
}

describe('a call', () => {
  test('goes to another user while its own is busy, and rings again when that is over', async () => {
    await start()
    const alice = await server.registeredPhone('alice')
    const bob = await server.registeredPhone('bob')
    const caller = await server.caller()
    await set('busy')
    const away = await caller.call('sip:alice@example.net')
    await bob.nextCall()
    await away.answered()
    away.hangUp()
    await set('available')
    const home = await caller.call('sip:alice@example.net')
    await alice.nextCall()
    await home.answered()
    home.hangUp()
  })

  test('is answered for by an application while its user is away, which hears whose call it is', async () => {
    const asked: Promise<string>[] = []
    const http = createServer((request, response) => {
      asked.push(text(request))
      response.setHeader('content-type', 'text/xml').end('<Response><Reject reason="busy"/></Response>')
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      http.closeAllConnections()
      http.close()
    })
    const { port } = http.address() as AddressInfo
    await start({
      ...{ 'allow-http': true, 'allow-private': ['127.0.0.0/8'] },
      sources: { secretary: { twiml: `http://127.0.0.1:${port}/`, presence: ['alice'] } },
    })
    await set('away')
    const outgoing = await (await server.caller()).call('sip:+15551001@example.net')
    await expect(outgoing.answered()).rejects.toMatchObject({ outcome: { status: 486 } })
    const params = Object.fromEntries(new URLSearchParams(await asked[0]))
    expect(params).toMatchObject({ To: '+15551001', Presence: 'away', Presence_alice: 'away' })
  })

  test('is turned away while its user does not wish to be disturbed, and nobody is rung or pushed', async () => {
    await start()
    await server.sleepingPhone('token-alice', 'alice')
    await set('do-not-disturb')
    const outgoing = await (await server.caller()).call('sip:alice@example.net')
    await expect(outgoing.answered()).rejects.toMatchObject({ outcome: { status: 486 } })
    expect(server.push.pushes).toEqual([])
  })

  test('lights the lamp of a desk phone while it lasts, and keeps others off the line', async () => {
    await start()
    await server.registeredPhone('alice')
    const lamp = new Lamp(await server.registeredPhone('bob'), 'sip:alice@example.net', { event: 'dialog' })
    expect((await lamp.subscribe(600)).status).toBe(202)
    await lamp.until('terminated')
    expect((await server.metric('reveille_presence_subscriptions')).get('')).toBe(1)
    const caller = await server.caller()
    const first = await caller.call('sip:alice@example.net')
    await first.answered()
    await lamp.until('confirmed')
    const second = await caller.call('sip:alice@example.net')
    await expect(second.answered()).rejects.toMatchObject({ outcome: { status: 486 } })
    first.hangUp()
    await lamp.until('terminated')
    expect(await (await ask('GET', '/v1/presence/alice')).json()).toMatchObject({
      ...{ user: 'alice', state: 'available', set: false, registered: true, inCall: false },
    })
    await lamp.refresh(0)
  })

  test('is shown to no lamp whose token was revoked', async () => {
    await start()
    const [jti, phone] = ['of-the-lamp', await server.phone('bob')]
    const shown = await tokens.mintClient({
      ...{ client: 'app', user: 'bob', expiresAt: FAR, jti },
      grants: { presence: { read: ['alice'] } },
    })
    const lamp = new Lamp(phone, 'sip:alice@example.net')
    expect((await lamp.subscribe(600, { Authorization: `Bearer ${shown}` })).status).toBe(202)
    await lamp.next()
    expect((await fetch(`${server.url}/v1/tokens/${jti}`, { method: 'DELETE' })).status).toBe(204)
    expect(stateOf(await lamp.next())).toBe('terminated;reason=rejected')
    expect((await lamp.refresh(600)).status).toBe(481)
  })

  test('is shown to no lamp of a user that the edited configuration lets watch no more', async () => {
    await start()
    const lamp = new Lamp(await server.registeredPhone('bob'), 'sip:alice@example.net')
    expect((await lamp.subscribe(600)).status).toBe(202)
    await lamp.next()
    server.reload({ users: { alice: {}, bob: {} } })
    expect(stateOf(await lamp.next())).toBe('terminated;reason=rejected')
  })
})
