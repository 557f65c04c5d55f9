import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Phone } from '../../src/demo/index.js'
import {
  type MediaSession,
  type OutgoingCall,
  type SipMessage,
  type SipRequest,
} from '../../src/demo/index.js'
import { type Message, TestClient } from '../channel/support/client.js'
import { engines } from '../support/engines.js'
import { TestServer } from '../support/server.js'
import { openSecureTransport } from '../support/sip/secure-transport.js'

/** On which a client can call in; of somebody else's server it is not known whether it has WebSocket. */
const PROTOCOLS = engines.drachtio === undefined ? (['udp', 'tcp', 'ws'] as const) : (['udp', 'tcp'] as const)
const listen = ['udp', 'tcp', 'ws'].map((protocol) => ({ protocol, host: '127.0.0.1', port: 0 }))

/** Numbers that lead to clients, and the clients' names. */
const NUMBERS = {
  '+15557001': 'kiosk-udp',
  '+15557002': 'kiosk-tcp',
  '+15557003': 'kiosk-ws',
  '+15557004': 'desk',
  '+15557005': 'sleeper',
  '+15557006': 'runner',
  '+15557007': 'tab',
  '+15557008': 'registered',
  '+15557009': 'alice',
  '+15557010': 'nobody-yet',
} as const
type Name = (typeof NUMBERS)[keyof typeof NUMBERS]

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({
    ...(engines.drachtio === undefined ? { sip: { listen } } : {}),
    // Long enough that a call which waits for its end is seen not to go on at once.
    clients: { ring: '10m', 'no-answer': { status: 486 } },
    routes: Object.entries(NUMBERS).map(([match, client]) => ({ match, client })),
  })
})
afterAll(() => server.close())
afterEach(() => server.quiet())

/** A client token, as an operator makes it. */
async function token(user: string, grants: object = { incoming: true }): Promise<string> {
  const response = await fetch(`${server.url}/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client: user, grants }),
  })
  const { token: made } = (await response.json()) as { token?: string }
  if (made === undefined) throw new Error(`no token was made: ${String(response.status)}`)
  return made
}

/** The app's own word on its device. */
async function putDevice(id: string, bearer: string, settings: object): Promise<void> {
  const { status } = await fetch(`${server.url}/v1/devices/${id}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
    body: JSON.stringify(settings),
  })
  expect(status).toBe(201)
}

async function channel(bearer: string, device: string): Promise<TestClient> {
  const client = await TestClient.connect(server.url)
  client.send({ type: 'hello', token: bearer, device })
  await client.next('welcome')
  onTestFinished(() => client.close())
  return client
}

/** The app acknowledges the call that it is told of. */
async function told(app: TestClient): Promise<Message> {
  const call = await app.next('incoming-call')
  app.send({ type: 'ack', upTo: call.seq })
  return call
}

async function call(name: Name): Promise<OutgoingCall> {
  const number = Object.entries(NUMBERS).find(([, client]) => client === name)?.[0]
  return (await server.caller()).call(`sip:${number ?? ''}@example.net`)
}

function phoneOf(name: string, protocol: 'udp' | 'tcp' | 'ws' = 'tcp'): Promise<Phone> {
  return server.phone(name, { protocol, ...(protocol === 'ws' && { openTransport: openSecureTransport }) })
}

const bearer = (value: unknown) => ({ headers: { Authorization: `Bearer ${String(value)}` } })
const isInvite = (message: SipMessage): message is SipRequest =>
  message.kind === 'request' && message.method === 'INVITE'

async function hears(side: MediaSession): Promise<void> {
  await expect.poll(() => side.rtp.received.packets, { timeout: 5_000 }).toBeGreaterThan(10)
}

/** The phone calls in to the call that it was told of; both hear each other, and the caller hangs up. */
async function callsIn(phone: Phone, incoming: Readonly<Record<string, unknown>>, outgoing: OutgoingCall) {
  const own = await phone.call(`sip:${String(incoming['callId'])}@example.net`, bearer(incoming['token']))
  await own.answered()
  await outgoing.answered()
  await hears(own.media)
  await hears(outgoing.media)
  outgoing.hangUp()
  expect(await own.ended).toMatchObject({ how: 'bye', by: 'them' })
}

describe('a client of its own, whose name no configuration knows', () => {
  test.each(PROTOCOLS)('is told by its channel and calls in over %s: nobody calls it', async (protocol) => {
    const name = `kiosk-${protocol}` as const
    const client = await token(name)
    const phone = await phoneOf(name, protocol)
    await putDevice(`tab-${protocol}`, client, { delivery: 'call-in', instance: phone.instance })
    // It is registered too, so that it could be called.
    expect((await phone.register(bearer(client))).status).toBe(200)
    const app = await channel(client, `tab-${protocol}`)
    const outgoing = await call(name)
    const incoming = await told(app)
    expect(incoming).toMatchObject({ delivery: 'call-in', edge: expect.stringMatching(/^sip:/) as string })
    await callsIn(phone, incoming, outgoing)
    expect(phone.log.find(isInvite)).toEqual([])
    expect(server.push.pushes).toEqual([])
    await phone.unregister()
  })

  test('is called where it has registered with its token', async () => {
    const phone = await phoneOf('desk')
    expect((await phone.register(bearer(await token('desk')))).status).toBe(200)
    const outgoing = await call('desk')
    const incoming = await phone.nextCall()
    await outgoing.answered()
    await hears(incoming.media)
    await hears(outgoing.media)
    outgoing.hangUp()
    await incoming.ended
    await phone.unregister()
  })

  test('is called after the push that woke it, with the token of the call', async () => {
    const client = await token('sleeper')
    await putDevice('sleeping-1', client, { provider: 'acme', token: 'token-sleeper' })
    const outgoing = await call('sleeper')
    const { payload } = await server.push.nextDelivery('token-sleeper')
    expect(payload).not.toHaveProperty('delivery')
    const phone = await phoneOf('sleeper')
    expect((await phone.register({ ...bearer(payload['token']), instance: false })).status).toBe(200)
    const incoming = await phone.nextCall()
    await outgoing.answered()
    await hears(incoming.media)
    outgoing.hangUp()
    await incoming.ended
  })

  test('calls in after the push, and registers nowhere', async () => {
    await putDevice('running-1', await token('runner'), {
      ...{ provider: 'acme', token: 'token-runner', delivery: 'call-in' },
    })
    const outgoing = await call('runner')
    const { payload } = await server.push.nextDelivery('token-runner')
    expect(payload).toMatchObject({ delivery: 'call-in' })
    const phone = await phoneOf('runner')
    await callsIn(phone, payload, outgoing)
    expect(phone.log.find(isInvite)).toEqual([])
  })

  test('without a push token is not waited for where its channel is gone', async () => {
    const client = await token('tab')
    await putDevice('tab-1', client, { delivery: 'call-in' })
    const app = await channel(client, 'tab-1')
    await app.close()
    const outgoing = await call('tab')
    expect(await outgoing.outcome).toMatchObject({ kind: 'failed', status: 486 })
  })

  test('is nobody where a call names it of itself, and not reached before it is there', async () => {
    const caller = await server.caller()
    const named = await caller.call('sip:desk@example.net')
    expect(await named.outcome).toMatchObject({ kind: 'failed', status: 404 })
    expect(await (await call('nobody-yet')).outcome).toMatchObject({ kind: 'failed', status: 486 })
  })

  test('loses its registration and its channel with its token', async () => {
    const client = await token('registered')
    const phone = await phoneOf('registered')
    expect((await phone.register(bearer(client))).status).toBe(200)
    await putDevice('lost-1', client, {})
    const app = await channel(client, 'lost-1')
    const revoked = await fetch(`${server.url}/v1/clients/registered/tokens`, { method: 'DELETE' })
    expect(revoked.status).toBe(204)
    expect(await app.closed).toEqual({ code: 4002, reason: 'bad-token' })
    expect((await phone.register(bearer(client))).status).toBe(401)
    const again = await token('registered')
    expect((await phone.register(bearer(again))).status).toBe(200)
    await phone.unregister()
  })
})

describe('a client that is a user', () => {
  test('is called by the user’s own settings, on what it has registered', async () => {
    const phone = await server.registeredPhone('alice', 'token-alice')
    const outgoing = await call('alice')
    const incoming = await phone.nextCall()
    await outgoing.answered()
    outgoing.hangUp()
    await incoming.ended
    await phone.unregister()
  })
})
