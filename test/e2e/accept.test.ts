import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  CallApi,
  header,
  type MediaSession,
  MediaSession as Media,
  type Phone,
  type ReceivedPush,
} from '../../src/demo/index.js'
import { engines } from '../support/engines.js'
import { TestServer, users } from '../support/server.js'

const elsewhere = 'SIP;cause=200;text="Call completed elsewhere"'

let server: TestServer
let api: CallApi
const media: MediaSession[] = []

beforeAll(async () => {
  server = await TestServer.start({
    users: {
      ...users(['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gil', 'hana', 'ida', 'jan']),
      ...users(['olga', 'paul', 'rita'], { 'offer-in-push': true }),
      ...users(['sven'], { 'second-response': '1s' }),
      ...users(['tina'], { 'second-response': '1s', 'no-answer': { user: 'ida' } }),
      ...users(['ulla'], { redirect: [{ user: 'ida' }] }),
      ...users(['vera'], { late: 'invite', ring: '1s' }),
    },
  })
  const { host, port } = server.server.http
  api = new CallApi({ host, port })
})
afterAll(async () => {
  api.close()
  await server.close()
})
afterEach(async () => {
  await Promise.all(media.splice(0).map((one) => one.close()))
  await server.quiet()
})

function asleep(user: string, token = `token-${user}`): Promise<Phone> {
  return server.sleepingPhone(token, user, { protocol: 'tcp' })
}

async function call(user: string) {
  return (await server.caller()).call(`sip:${user}@example.net`)
}

async function pushed(token: string): Promise<{ push: ReceivedPush; id: string; token: string }> {
  const push = await server.push.nextDelivery(token)
  return { push, id: text(push, 'callId'), token: text(push, 'token') }
}

function text(push: ReceivedPush, key: string): string {
  const value = push.payload[key]
  if (typeof value !== 'string') throw new Error(`the push carries no ${key}`)
  return value
}

function kinds(token: string): unknown[] {
  return server.push.pushesTo(token).map(({ payload }) => payload['kind'])
}

async function hears(side: MediaSession): Promise<void> {
  await expect.poll(() => side.rtp.received.packets, { timeout: 5_000 }).toBeGreaterThan(10)
}

describe('an accept from the notification', () => {
  test('is told to the caller at once; the phone registers with the call token and is connected', async () => {
    const phone = await asleep('ada')
    const outgoing = await call('ada')
    const { id, token } = await pushed('token-ada')
    expect(await api.accept(id, token)).toMatchObject({
      status: 200,
      body: { state: 'accepted', yours: true },
    })
    // The same once more, as after a lost answer.
    expect((await api.accept(id, token)).status).toBe(200)
    const registered = await phone.wake({ headers: { Authorization: `Bearer ${token}` } })
    expect(registered.status).toBe(200)
    // Without a challenge: its first REGISTER since the push is the one that was answered with 200.
    expect(header(registered, 'cseq')).toBe('3 REGISTER')
    const incoming = await phone.nextCall()
    await outgoing.answered()
    await hears(incoming.media)
    await hears(outgoing.media)
    expect(await api.view(id, token)).toMatchObject({ status: 200, body: { state: 'bridged', yours: true } })
    outgoing.hangUp()
    await incoming.ended
  })

  test('is completed by an INVITE of the device’s own', async () => {
    const phone = await asleep('ben')
    const outgoing = await call('ben')
    const { push, id, token } = await pushed('token-ben')
    expect((await api.accept(id, token)).status).toBe(200)
    await phone.wakeSilently()
    const own = await phone.call(`sip:${id}@example.net`, { headers: { Authorization: `Bearer ${token}` } })
    await own.answered()
    await outgoing.answered()
    await hears(own.media)
    await hears(outgoing.media)
    expect(text(push, 'edge')).toMatch(/^sip:/)
    own.hangUp()
    expect(await outgoing.ended).toMatchObject({ how: 'bye', by: 'them' })
  })

  test('needs no SIP where it answers the offer of the push', async () => {
    await asleep('olga')
    const outgoing = await call('olga')
    const { push, id, token } = await pushed('token-olga')
    const session = await Media.open({})
    media.push(session)
    const sdp = session.answer(text(push, 'offer'))
    expect((await api.accept(id, token, sdp)).status).toBe(200)
    await outgoing.answered()
    await hears(session)
    await hears(outgoing.media)
    expect((await api.hangUp(id, token)).status).toBe(200)
    expect(await outgoing.ended).toMatchObject({ how: 'bye', by: 'them' })
    expect(await api.view(id, token)).toMatchObject({
      body: { state: 'ended', ending: { cause: 'hung-up' } },
    })
  })

  test('without SIP hears of the caller’s BYE by push', async () => {
    await asleep('paul')
    const outgoing = await call('paul')
    const { push, id, token } = await pushed('token-paul')
    const session = await Media.open({})
    media.push(session)
    expect((await api.accept(id, token, session.answer(text(push, 'offer')))).status).toBe(200)
    await outgoing.answered()
    outgoing.hangUp()
    await expect.poll(() => kinds('token-paul')).toEqual(['call', 'ended'])
  })

  test('whose SDP is no answer gets 422, and the call still rings', async () => {
    await asleep('rita')
    const outgoing = await call('rita')
    const { id, token } = await pushed('token-rita')
    expect(await api.accept(id, token, 'v=0\r\nnonsense')).toMatchObject({ status: 422 })
    expect(await api.view(id, token)).toMatchObject({ body: { state: 'ringing' } })
    outgoing.cancel()
    await outgoing.outcome
  })

  test('stops the other devices at once', async () => {
    const [first, second] = [await asleep('cleo', 'cleo-1'), await asleep('cleo', 'cleo-2')]
    second.onInvite({})
    const outgoing = await call('cleo')
    const mine = await pushed('cleo-1')
    const other = await pushed('cleo-2')
    await second.wake()
    const ringing = await second.nextCall()
    expect((await api.accept(mine.id, mine.token)).status).toBe(200)
    expect(await ringing.ended).toMatchObject({ how: 'cancelled', reason: elsewhere })
    expect(await api.accept(other.id, other.token)).toMatchObject({
      status: 409,
      body: { type: '/problems/call-answered-elsewhere' },
    })
    await first.wake({ headers: { Authorization: `Bearer ${mine.token}` } })
    const incoming = await first.nextCall()
    await outgoing.answered()
    incoming.hangUp()
    await outgoing.ended
  })
})

describe('the second response', () => {
  test('that never comes ends the call for both sides, and says so', async () => {
    await asleep('sven')
    const outgoing = await call('sven')
    const { id, token } = await pushed('token-sven')
    expect((await api.accept(id, token)).status).toBe(200)
    expect(await outgoing.outcome).toMatchObject({ kind: 'failed', status: 480 })
    await expect.poll(() => kinds('token-sven')).toEqual(['call', 'ended'])
    expect(await api.view(id, token)).toMatchObject({
      body: { state: 'ended', ending: { cause: 'no-second-response' } },
    })
  })

  test('that never comes sends the call on to the no-answer target', async () => {
    await asleep('tina')
    const ida = await server.registeredPhone('ida')
    const outgoing = await call('tina')
    const { id, token } = await pushed('token-tina')
    expect((await api.accept(id, token)).status).toBe(200)
    const incoming = await ida.nextCall()
    await outgoing.answered()
    incoming.hangUp()
    await outgoing.ended
    await ida.unregister()
  })
})

describe('a decline from the notification', () => {
  test.each([
    [{ reason: 'busy' } as const, 486, 'SIP;cause=486;text="Busy"'],
    [{ reason: 'reject' } as const, 603, 'SIP;cause=603;text="Declined"'],
    [{ reason: 'message', message: 'in a meeting' } as const, 603, 'SIP;cause=603;text="in a meeting"'],
  ])('%j is told to the caller', async (body, status, reason) => {
    const user = { busy: 'dan', reject: 'eve', message: 'finn' }[body.reason]
    await asleep(user)
    const outgoing = await call(user)
    const { id, token } = await pushed(`token-${user}`)
    expect((await api.decline(id, token, body)).status).toBe(200)
    const outcome = await outgoing.outcome
    expect(outcome).toMatchObject({ kind: 'failed', status })
    if (outcome.kind === 'failed') expect(header(outcome.response, 'reason')).toBe(reason)
    expect(await api.view(id, token)).toMatchObject({ body: { state: 'ended', ending: { status, reason } } })
  })
})

describe('a decline that sends the call on', () => {
  test('goes where the configuration lets the user send it, and nowhere else', async () => {
    const ida = await server.registeredPhone('ida')
    await asleep('ulla')
    const outgoing = await call('ulla')
    const { id, token } = await pushed('token-ulla')
    expect(await api.decline(id, token, { reason: 'redirect', to: { user: 'ada' } })).toMatchObject({
      status: 403,
      body: { type: '/problems/redirect-not-allowed' },
    })
    expect((await api.decline(id, token, { reason: 'redirect', to: { user: 'ida' } })).status).toBe(200)
    const incoming = await ida.nextCall()
    expect(header(incoming.invite, 'diversion')).toMatch(/ulla@.*reason=deflection/)
    await outgoing.answered()
    incoming.hangUp()
    await outgoing.ended
    await ida.unregister()
  })
})

describe('a phone that wakes after the call', () => {
  test('is told by the INVITE that it was woken for, and its CANCEL, where the user has it so', async () => {
    const phone = await asleep('vera')
    phone.onInvite({})
    server.push.answerWith({ status: 200 })
    const outgoing = await call('vera')
    const { push } = await pushed('token-vera')
    expect(await outgoing.outcome).toMatchObject({ kind: 'failed', status: 480 })
    await phone.wake()
    const missed = await phone.nextCall()
    expect(header(missed.invite, 'call-id')).toBe(text(push, 'sipCallId'))
    expect(await missed.ended).toMatchObject({ how: 'cancelled' })
  })
})

describe('a call token', () => {
  test('opens its call alone, for its device alone, and until the hold ends', async () => {
    await asleep('gil')
    await asleep('hana')
    const [toGil, toHana] = [await call('gil'), await call('hana')]
    const gil = await pushed('token-gil')
    const hana = await pushed('token-hana')
    expect(await api.accept(hana.id, gil.token)).toMatchObject({
      status: 403,
      body: { type: '/problems/token-foreign' },
    })
    expect(await api.accept(gil.id, gil.token.slice(0, -4))).toMatchObject({
      status: 401,
      body: { type: '/problems/token-invalid' },
    })
    for (const outgoing of [toGil, toHana]) {
      outgoing.cancel()
      await outgoing.outcome
    }
    expect(await api.accept(gil.id, gil.token)).toMatchObject({
      status: 410,
      body: { type: '/problems/call-ended' },
    })
  })

  test.runIf(engines.drachtio === undefined)('lets one INVITE in, and no second', async () => {
    const phone = await asleep('jan')
    const outgoing = await call('jan')
    const { id, token } = await pushed('token-jan')
    await phone.wakeSilently()
    const stranger = await phone.call(`sip:${id}@example.net`, {})
    expect(await stranger.outcome).toMatchObject({ kind: 'failed', status: 401 })
    const headers = { Authorization: `Bearer ${token}` }
    const own = await phone.call(`sip:${id}@example.net`, { headers })
    await own.answered()
    const again = await phone.call(`sip:${id}@example.net`, { headers })
    expect(await again.outcome).toMatchObject({ kind: 'failed', status: 403 })
    own.hangUp()
    await outgoing.ended
  })
})
