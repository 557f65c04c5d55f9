import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  header,
  isRequest,
  isResponse,
  type IncomingCall,
  type OutgoingCall,
  type Phone,
  type ReceivedPush,
} from '../../src/demo/index.js'
import { engines } from '../support/engines.js'
import { pushParams, TestServer, users } from '../support/server.js'

const elsewhere = 'SIP;cause=200;text="Call completed elsewhere"'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({
    users: {
      ...users(['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gil', 'hana', 'ida', 'jan', 'kim']),
      ...users(['lena'], { grace: '800ms' }),
      ...users(['nina'], { grace: '9s' }),
      ...users(['mona'], { 'no-answer': { user: 'ida' } }),
    },
  })
})
afterAll(() => server.close())
afterEach(async () => {
  server.push.answerWith({})
  await server.quiet()
})

function asleep(user: string, token = `token-${user}`): Promise<Phone> {
  return server.sleepingPhone(token, user, { protocol: 'tcp' })
}

async function call(user: string): Promise<OutgoingCall> {
  const caller = await server.caller()
  return caller.call(`sip:${user}@example.net`)
}

async function hangUp(outgoing: OutgoingCall, incoming: IncomingCall): Promise<void> {
  outgoing.hangUp()
  await Promise.all([outgoing.ended, incoming.ended])
}

async function wakeByPush(phone: Phone, token = `token-${phone.options.user}`): Promise<ReceivedPush> {
  const push = await server.push.nextDelivery(token)
  expect((await phone.wake()).status).toBe(200)
  return push
}

function kinds(token: string): unknown[] {
  return server.push.pushesTo(token).map(({ payload }) => payload['kind'])
}

describe('a user with two apps and a desk phone', () => {
  test('all ring at once; the first to answer has the call, and nobody else has missed it', async () => {
    const desk = await server.registeredPhone('ada')
    const [first, second] = [await asleep('ada', 'token-1'), await asleep('ada', 'token-2')]
    for (const phone of [desk, first, second]) phone.onInvite({})
    const outgoing = await call('ada')
    await Promise.all([wakeByPush(first, 'token-1'), wakeByPush(second, 'token-2')])
    const [atDesk, atFirst, atSecond] = await Promise.all([desk, first, second].map((one) => one.nextCall()))
    if (!atDesk || !atFirst || !atSecond) throw new Error('a phone was not called')
    await Promise.all([desk, first, second].map((one) => one.expect(isResponse(180), { direction: 'sent' })))
    await atSecond.answer()
    await outgoing.answered()
    expect(await atDesk.ended).toMatchObject({ how: 'cancelled', reason: elsewhere })
    expect(await atFirst.ended).toMatchObject({ how: 'cancelled', reason: elsewhere })
    await hangUp(outgoing, atSecond)
  })

  test('an app that is still asleep when another answers is told so by a push, and is not dialled later', async () => {
    const desk = await server.registeredPhone('ben')
    const app = await asleep('ben')
    desk.onInvite({})
    const outgoing = await call('ben')
    const atDesk = await desk.nextCall()
    await server.push.nextDelivery('token-ben')
    await atDesk.answer()
    await outgoing.answered()
    const told = await server.push.nextDelivery('token-ben')
    expect(told.payload).toMatchObject({ kind: 'ended', reason: elsewhere })
    expect((await app.wake()).status).toBe(200)
    await hangUp(outgoing, atDesk)
    expect(app.log.find(isRequest('INVITE'))).toEqual([])
    expect(kinds('token-ben')).toEqual(['call', 'ended'])
  })

  test('two that answer at the same moment: one has the call, the other is hung up as answered elsewhere', async () => {
    const phones = [await server.registeredPhone('cleo'), await server.registeredPhone('cleo')]
    for (const phone of phones) phone.onInvite({})
    const outgoing = await call('cleo')
    // An answer that came before the other phone was invited would leave that one alone.
    const incoming = await Promise.all(phones.map((phone) => phone.nextCall()))
    await Promise.all(incoming.map((one) => one.answer()))
    await outgoing.answered()
    const loser = await Promise.race(incoming.map((one) => one.ended))
    expect(loser).toMatchObject({ by: 'them' })
    const winner = incoming.find((one) => !one.isOver)
    if (winner === undefined) throw new Error('nobody has the call')
    await winner.established
    await hangUp(outgoing, winner)
  })
})

describe('two calls to one user', () => {
  test('both wait, both reach the woken phone, and each ends by itself (kazoo: one slot a user)', async () => {
    const phone = await asleep('dan')
    phone.onInvite({})
    // One after the other: two that come together may be pushed in either order.
    const [first, pushOfFirst] = [await call('dan'), await server.push.nextDelivery('token-dan')]
    const [second, pushOfSecond] = [await call('dan'), await server.push.nextDelivery('token-dan')]
    const pushes = [pushOfFirst, pushOfSecond]
    expect((await phone.wake()).status).toBe(200)
    const incoming = [await phone.nextCall(), await phone.nextCall()] as const
    const ids = incoming.map(({ invite }) => header(invite, 'X-Call-Id'))
    expect(new Set(ids)).toEqual(new Set(pushes.map(({ payload }) => payload['callId'])))
    expect(new Set(ids).size).toBe(2)
    const ofFirst = incoming.find(
      ({ invite }) => header(invite, 'X-Call-Id') === pushOfFirst.payload['callId'],
    )
    const ofSecond = incoming.find((one) => one !== ofFirst)
    if (ofFirst === undefined || ofSecond === undefined) throw new Error('one call did not come')
    await ofFirst.answer()
    await first.answered()
    ofSecond.decline(486)
    expect(await second.outcome).toMatchObject({ kind: 'failed', status: 486 })
    await hangUp(first, ofFirst)
  })
})

describe('the push service', () => {
  test('says that the token is gone: 480 at once, and the token is never used again (vialer: 410 cleans nothing)', async () => {
    await asleep('eve')
    server.push.answerWith({ status: 410 })
    const outcome = await (await call('eve')).outcome
    expect(outcome).toMatchObject({ kind: 'failed', status: 480 })
    server.push.answerWith({})
    expect(await (await call('eve')).outcome).toMatchObject({ kind: 'failed', status: 480 })
    expect(server.push.pushesTo('token-eve')).toHaveLength(1)
  })

  test('takes a token again that its app registered anew', async () => {
    const phone = await asleep('eve', 'token-eve-2')
    const outgoing = await call('eve')
    await wakeByPush(phone, 'token-eve-2')
    const incoming = await phone.nextCall()
    await outgoing.answered()
    await hangUp(outgoing, incoming)
  })

  test('is busy and asks to come again: the push is repeated, not earlier, and the phone wakes', async () => {
    const phone = await asleep('finn')
    server.push.answerOnce({ status: 503, headers: { 'retry-after': '1' } })
    const outgoing = await call('finn')
    await wakeByPush(phone)
    const incoming = await phone.nextCall()
    await outgoing.answered()
    const [first, second] = server.push.pushesTo('token-finn')
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1000)
    await hangUp(outgoing, incoming)
  })

  test('refuses every device: the call goes on to the no-answer target at once', async () => {
    await asleep('mona')
    server.push.answerWith({ status: 410 })
    const other = await server.registeredPhone('ida')
    const outgoing = await call('mona')
    const incoming = await other.nextCall()
    await outgoing.answered()
    await hangUp(outgoing, incoming)
    await other.unregister()
  })

  test('cuts the connection: the push is repeated', async () => {
    const phone = await asleep('gil')
    server.push.answerOnce({ instead: 'drop' })
    const outgoing = await call('gil')
    await wakeByPush(phone)
    const incoming = await phone.nextCall()
    await outgoing.answered()
    expect(server.push.pushesTo('token-gil')).toHaveLength(2)
    await hangUp(outgoing, incoming)
  })
})

describe('a phone', () => {
  test('that registers on a new flow during a call gets the INVITE although an older one hangs (flexisip #257)', async () => {
    const before = await server.phone('hana')
    before.onInvite({ ringAfterMs: 'never' })
    const registration = { contactParams: pushParams('token-hana'), instance: before.instance }
    expect((await before.register(registration)).status).toBe(200)
    const outgoing = await call('hana')
    const hanging = await before.nextCall()
    const after = await server.phone('hana')
    expect((await after.register(registration)).status).toBe(200)
    const incoming = await after.nextCall()
    expect(header(incoming.invite, 'Call-ID')).toBe(header(hanging.invite, 'Call-ID'))
    await outgoing.answered()
    await incoming.established
    // What hung on the old flow is called off, should it ever be heard there.
    await hanging.ring()
    expect((await hanging.ended).how).toBe('cancelled')
    await hangUp(outgoing, incoming)
  })

  test('that was started anew on the same address and port gets the INVITE as well', async () => {
    const before = await server.phone('jan')
    before.onInvite({ ignore: true })
    const registration = { contactParams: pushParams('token-jan'), instance: before.instance }
    expect((await before.register(registration)).status).toBe(200)
    const outgoing = await call('jan')
    await before.nextCall()
    const { port } = before.peer.local
    await before.close()
    const after = await server.phone('jan', { port })
    after.onInvite({ ringAfterMs: 0, answerAfterMs: 100 })
    expect((await after.register(registration)).status).toBe(200)
    await outgoing.answered()
    const invites = after.log.find(isRequest('INVITE'))
    expect(new Set(invites.map((invite) => header(invite, 'X-Call-Id'))).size).toBe(1)
    outgoing.hangUp()
    await outgoing.ended
  })

  test('that rings within the grace is not pushed (flexisip #255)', async () => {
    const phone = await server.registeredPhone('lena', 'token-lena')
    phone.onInvite({ ringAfterMs: 100, answerAfterMs: 1000 })
    const outgoing = await call('lena')
    const incoming = await phone.nextCall()
    await outgoing.answered()
    expect(server.push.pushesTo('token-lena')).toEqual([])
    await hangUp(outgoing, incoming)
  })

  // The embedded server does not hear of it, and the grace is waited out (docs/decisions/0013).
  test.runIf(engines.drachtio)(
    'whose system says that nobody has its UDP port is pushed at once',
    async () => {
      const phone = await server.sleepingPhone('token-nina', 'nina', { protocol: 'udp' })
      const outgoing = await call('nina')
      await wakeByPush(phone)
      const incoming = await phone.nextCall()
      await outgoing.answered()
      await hangUp(outgoing, incoming)
    },
  )

  test('that stays silent beyond the grace is pushed, and is not called a second time when it rings at last', async () => {
    const phone = await server.registeredPhone('lena', 'token-lena', { protocol: 'tcp' })
    phone.onInvite({ ringAfterMs: 'never' })
    const outgoing = await call('lena')
    const incoming = await phone.nextCall()
    const { payload } = await server.push.nextDelivery('token-lena')
    expect(header(incoming.invite, 'Call-ID')).toBe(payload['sipCallId'])
    expect((await phone.register()).status).toBe(200)
    await incoming.ring()
    await incoming.answer()
    await outgoing.answered()
    expect(phone.log.find(isRequest('INVITE'))).toHaveLength(1)
    await hangUp(outgoing, incoming)
  })

  test('gets one INVITE for a call, and only once its REGISTER is accepted (OpenSIPS #3471)', async () => {
    const phone = await asleep('ida', 'token-ida')
    const outgoing = await call('ida')
    await server.push.nextDelivery('token-ida')
    const impostor = await server.phone('ida', { credentials: { username: 'ida', password: 'guess' } })
    const refused = await impostor.register({
      contactParams: pushParams('token-ida'),
      instance: phone.instance,
    })
    expect(refused.status).toBe(401)
    expect((await phone.wake()).status).toBe(200)
    const incoming = await phone.nextCall()
    await outgoing.answered()
    expect(impostor.log.find(isRequest('INVITE'))).toEqual([])
    const came = phone.log.entries.filter(({ direction }) => direction === 'received').map((e) => e.message)
    const invited = came.findIndex(isRequest('INVITE'))
    const accepted = came.findLastIndex(isResponse(200, 'REGISTER'))
    expect(came.slice(0, invited).filter(isResponse(401, 'REGISTER'))).not.toEqual([])
    expect(invited).toBeGreaterThan(accepted)
    expect(came.filter(isRequest('INVITE'))).toHaveLength(1)
    await hangUp(outgoing, incoming)
  })
})

test('a phone that was registered before the server restarted is woken after it (flexisip #121, #215)', async () => {
  const phone = await asleep('kim', 'token-kim')
  await server.restart()
  const outgoing = await call('kim')
  const { payload } = await server.push.nextDelivery('token-kim')
  const ports = server.server.sip.map(({ port }) => port)
  expect(ports).toContain(Number(/:(\d+);/.exec(String(payload['edge']))?.[1]))
  expect((await phone.wake({ edge: server.address('tcp') })).status).toBe(200)
  const incoming = await phone.nextCall()
  await outgoing.answered()
  await hangUp(outgoing, incoming)
})
