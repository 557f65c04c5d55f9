import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { header, type IncomingCall, MediaSession } from '../../src/demo/index.js'
import { ANYBODY, AppCall, AWAY, CallingWorld, type ChannelClient, talk } from './support/calling.js'

let world: CallingWorld
let client: ChannelClient
let calls: AppCall[] = []

beforeAll(async () => {
  world = await CallingWorld.open()
})
afterAll(() => world.close())
beforeEach(async () => {
  world.configure()
  world.carrier.onInvite({ answerAfterMs: 10 })
  client = await world.client(await world.token({ outgoing: ANYBODY }, { client: `app-${Math.random()}` }))
})
afterEach(async () => {
  for (const { media } of calls) await media.close()
  calls = []
  await client.socket.close()
  await world.server.quiet()
})

async function call(to = AWAY, more: object = {}): Promise<AppCall> {
  const one = await AppCall.open(client, to, more)
  calls.push(one)
  return one
}

interface Made {
  readonly own: AppCall
  readonly incoming: IncomingCall
}

/** A call that the carrier has answered. */
async function answered(): Promise<Made> {
  const own = await call()
  const incoming = await world.carrier.nextCall()
  expect(await client.told('call-progress')).toMatchObject({ callId: own.id, status: 180 })
  await own.answered()
  await incoming.established
  return { own, incoming }
}

describe('an app that calls over its channel', () => {
  test('hears and is heard, and hangs up', async () => {
    const { own, incoming } = await answered()
    expect(header(incoming.invite, 'From')).toMatch(/^"Alice Ames" ?<sip:\+15551001@example\.net>/)
    await talk(own.media, incoming.media)
    expect(await own.hangUp()).toMatchObject({ ok: true, call: { id: own.id, state: 'ended' } })
    expect(await own.ended()).toEqual(['hung-up', 'caller', 200])
    expect(await incoming.ended).toMatchObject({ how: 'bye', by: 'them' })
  })

  test('is told when the other side hangs up', async () => {
    const { own, incoming } = await answered()
    incoming.hangUp()
    expect(await own.ended()).toEqual(['hung-up', 'callee', 200])
  })

  test('is told that the other side is busy', async () => {
    world.carrier.onInvite({ decline: { status: 486 } })
    const own = await call()
    await world.carrier.nextCall()
    await client.told('call-progress')
    expect(await own.ended()).toEqual(['busy', 'callee', 486])
  })

  test('cancels what rings', async () => {
    world.carrier.onInvite({})
    const own = await call()
    const incoming = await world.carrier.nextCall()
    await own.hangUp()
    expect(await incoming.ended).toMatchObject({ how: 'cancelled' })
    await client.told('call-progress')
    expect(await own.ended()).toEqual(['cancelled', 'caller', 487])
  })

  test('hears ringback from us where the configuration says so', async () => {
    world.configure({ outgoing: { ringback: 'early-media' } })
    world.carrier.onInvite({})
    const own = await call()
    const incoming = await world.carrier.nextCall()
    const progress = await client.told('call-progress')
    expect(progress).toMatchObject({ status: 183 })
    own.media.accept(String(progress['sdp']))
    await own.media.rtp.receiver.hearing?.hears([440, 480])
    await own.hangUp()
    await incoming.ended
    await own.ended()
  })

  test('calls a user by name, and shows its own', async () => {
    const bob = await world.server.registeredPhone('bob')
    const own = await call('user:bob', { name: 'Alice (app)' })
    const incoming = await bob.nextCall()
    await client.told('call-progress')
    await own.answered()
    expect(header(incoming.invite, 'From')).toMatch(/^"Alice \(app\)" ?<sip:alice@example\.net>/)
    await own.hangUp()
    await incoming.ended
    await own.ended()
  })

  test('keeps its call when the connection breaks, and learns the end of it on the next one', async () => {
    const token = await world.token({ outgoing: ANYBODY }, { client: 'mobile' })
    client = await world.client(token)
    const { own, incoming } = await answered()
    client.socket.websocket.terminate()
    await client.socket.closed
    await talk(own.media, incoming.media)
    incoming.hangUp()
    await incoming.ended
    const again = await world.client(token, client.seen)
    expect(await again.told('call-ended')).toMatchObject({ callId: own.id, ending: { cause: 'hung-up' } })
    client = again
  })

  test('goes on with its call on another connection, under another address', async () => {
    const token = await world.token({ outgoing: ANYBODY }, { client: 'mobile-2' })
    client = await world.client(token)
    const { own, incoming } = await answered()
    client.socket.websocket.terminate()
    client = await world.client(token, client.seen)
    await own.media.close()
    const elsewhere = await MediaSession.open({ hz: 1000 })
    const result = await client.ask({ type: 'reoffer', callId: own.id, sdp: elsewhere.offer() })
    expect(result).toMatchObject({ ok: true })
    elsewhere.accept(String(result['sdp']))
    await talk(elsewhere, incoming.media)
    await client.ask({ type: 'hangup', callId: own.id })
    await incoming.ended
    await client.told('call-ended')
    await elsewhere.close()
  })

  test('sends keys and gets them by INFO', async () => {
    const { own, incoming } = await answered()
    const key = { contentType: 'application/dtmf-relay', body: 'Signal=5\r\nDuration=160\r\n' }
    const [info, result] = await Promise.all([
      incoming.nextInfo(),
      client.ask({ type: 'info', callId: own.id, ...key }),
    ])
    expect(result).toMatchObject({ ok: true })
    expect(info.body).toBe(key.body)
    await incoming.info(key.body)
    expect(await client.told('call-info')).toMatchObject({ callId: own.id, ...key })
    await own.hangUp()
    await own.ended()
    await incoming.ended
  })

  test('cannot change a call that nobody has answered, with nothing in common, or that is over', async () => {
    world.carrier.onInvite({})
    const ringing = await call()
    const incoming = await world.carrier.nextCall()
    const sdp = ringing.media.offer()
    expect(await client.ask({ type: 'reoffer', callId: ringing.id, sdp })).toMatchObject({
      ok: false,
      problem: { type: '/problems/call-not-connected' },
    })
    await incoming.answer()
    await client.told('call-progress')
    await ringing.answered()
    const nothing = sdp.replace(/RTP\/AVP .*/, 'RTP/AVP 77')
    expect(await client.ask({ type: 'reoffer', callId: ringing.id, sdp: nothing })).toMatchObject({
      problem: { type: '/problems/call-not-acceptable' },
    })
    await ringing.hangUp()
    await ringing.ended()
    await incoming.ended
    expect(await client.ask({ type: 'reoffer', callId: ringing.id, sdp })).toMatchObject({
      problem: { type: '/problems/call-not-found' },
    })
  })

  test('offers nothing that we can serve: the call ends', async () => {
    const result = await client.ask({ type: 'call', to: AWAY, sdp: 'v=0\r\n' })
    expect(result).toMatchObject({ ok: true })
    // Ahead of any progress: nobody is called for it.
    expect(await client.told('call-ended')).toMatchObject({
      ending: { cause: 'not-acceptable', status: 488 },
    })
  })
})

describe('a call over a channel that is not allowed', () => {
  const ask = async (grants: Parameters<CallingWorld['token']>[0], more: object = {}) => {
    client = await world.client(await world.token({ channel: true, ...grants }))
    return client.ask({ type: 'call', ref: 7, to: AWAY, sdp: 'v=0\r\n', ...more })
  }

  test('is refused for want of the grant, which is named', async () => {
    expect(await ask({})).toMatchObject({
      ref: 7,
      ok: false,
      problem: { type: '/problems/grant-missing', detail: 'alice has no grant outgoing' },
    })
  })

  test.each([
    ['destination-not-allowed', { to: ['+44*'] }, {}, {}],
    ['destination-unknown', ANYBODY, {}, { to: 'mailto:x@example.net' }],
    ['destination-blocked', ANYBODY, { block: ['+1*'] }, {}],
    ['caller-id-not-allowed', ANYBODY, {}, { callerId: '+15559999' }],
    ['too-many-calls', ANYBODY, { limits: [{ prefix: '+1*', calls: 0 }] }, {}],
  ])('is refused: %s', async (type, outgoing, config, request) => {
    world.configure({ outgoing: config })
    expect(await ask({ outgoing }, request)).toMatchObject({
      ok: false,
      problem: { type: `/problems/${type}` },
    })
  })

  test('is refused for a while after too many of them', async () => {
    world.configure({ outgoing: { 'per-minute': 1 } })
    await ask({ outgoing: { to: [] } })
    const { problem } = await ask({ outgoing: { to: [] } })
    expect(problem).toMatchObject({ type: '/problems/too-many-requests' })
    expect((problem as { retryAfter: number }).retryAfter).toBeGreaterThan(0)
  })

  test('is none of a client whose token was revoked: its channel is closed', async () => {
    const token = await world.token({ outgoing: ANYBODY }, { client: 'lost', jti: 'lost' })
    const revoked = await world.client(token)
    await world.revoke('lost')
    await revoked.socket.closed
    await expect(world.client(token)).rejects.toThrow('revoked')
  })

  test('is none of another client, who cannot hang it up', async () => {
    world.carrier.onInvite({})
    const own = await call()
    const incoming = await world.carrier.nextCall()
    await client.told('call-progress')
    const other = await world.client(await world.token({ outgoing: ANYBODY }, { client: 'other' }))
    expect(await other.ask({ type: 'hangup', callId: own.id })).toMatchObject({ ok: false })
    expect(incoming.isOver).toBe(false)
    await other.socket.close()
    await own.hangUp()
    await own.ended()
    await incoming.ended
  })
})
