import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  header,
  headerList,
  type IncomingCall,
  isRequest,
  type OutgoingCall,
  type Phone,
} from '../../src/demo/index.js'
import { TestServer, users } from '../support/server.js'

const elsewhere = 'SIP;cause=200;text="Call completed elsewhere"'
const noAnswer = 'SIP;cause=480;text="No answer"'

const members = (...names: readonly string[]) => names.map((user) => ({ user }))
const absent = Array.from({ length: 19 }, (_, n) => `absent-${n}`)

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({
    users: {
      ...users(['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gil', 'hana', 'ida', 'jan', 'kim', 'lena']),
      ...users(absent),
      // What a member says of its own calls has no say in the group.
      ...users(['mona'], { ring: '1s', 'no-answer': { status: 404 } }),
      ...users(['to-desk'], { ring: '1s', 'no-answer': { group: 'desk' } }),
    },
    groups: {
      together: { members: members('ada', 'ben', 'mona'), numbers: ['+15551200'], ring: '10s' },
      firm: { members: members('cleo', 'dan'), ring: '10s' },
      brief: { members: members('eve', 'finn'), ring: '1s', 'no-answer': { user: 'bob' } },
      turns: {
        strategy: 'in-turn',
        members: [{ user: 'gil', ring: '1s' }, { user: 'hana' }],
        numbers: ['+15551201'],
        ring: '10s',
      },
      hunt: { strategy: 'in-turn', members: members('ida', 'jan'), ring: '1s', 'no-answer': { user: 'bob' } },
      twenty: { strategy: 'in-turn', members: members(...absent, 'kim') },
      desk: { strategy: 'in-turn', members: members('absent-0', 'lena') },
      empty: { members: members('absent-1', 'absent-2') },
    },
    routes: [{ match: '+1999*', group: 'together' }],
  })
})
afterAll(() => server.close())
afterEach(async () => {
  server.push.answerWith({})
  await server.quiet()
})

async function call(callee: string): Promise<OutgoingCall> {
  const caller = await server.caller()
  return caller.call(`sip:${callee}@example.net`)
}

/** A registered phone that rings until the test says otherwise. */
async function ringing(user: string): Promise<Phone> {
  const phone = await server.registeredPhone(user)
  phone.onInvite({})
  return phone
}

async function declining(user: string, status: number): Promise<Phone> {
  const phone = await server.registeredPhone(user)
  phone.onInvite({ decline: { status } })
  return phone
}

async function finish(outgoing: OutgoingCall, incoming: IncomingCall, ...phones: Phone[]): Promise<void> {
  outgoing.hangUp()
  await Promise.all([outgoing.ended, incoming.ended])
  await unregister(...phones)
}

async function unregister(...phones: Phone[]): Promise<void> {
  await Promise.all(phones.filter(({ awake }) => awake).map((phone) => phone.unregister()))
}

const history = ({ invite }: IncomingCall) => [
  ...headerList(invite, 'Diversion'),
  ...headerList(invite, 'History-Info'),
]

describe('a group side by side', () => {
  test.each(['together', '+15551200', '+19991234'])(
    'called as %s: the phones of all members ring, one answers, and the others have not missed it',
    async (callee) => {
      const phones = [await ringing('ada'), await ringing('ben'), await ringing('mona')] as const
      const outgoing = await call(callee)
      const [first, second, third] = await Promise.all([
        phones[0].nextCall(),
        phones[1].nextCall(),
        phones[2].nextCall(),
      ])
      await second.answer()
      await outgoing.answered()
      expect(await first.ended).toMatchObject({ how: 'cancelled', reason: elsewhere })
      expect(await third.ended).toMatchObject({ how: 'cancelled', reason: elsewhere })
      expect(history(second)).toEqual([])
      await finish(outgoing, second, ...phones)
    },
  )

  test.each([486, 603])('one member says %i: the other rings on, and may answer', async (status) => {
    const [declines, rings] = [await ringing('cleo'), await ringing('dan')]
    const outgoing = await call('firm')
    const [refused, incoming] = [await declines.nextCall(), await rings.nextCall()]
    refused.decline(status)
    expect((await refused.ended).how).toBe('declined')
    await incoming.answer()
    await outgoing.answered()
    await finish(outgoing, incoming, declines, rings)
  })

  test('one phone of a member declines for all of them with 603: they stop, and the other member rings on', async () => {
    const [refuses, idle, rings] = [await ringing('cleo'), await ringing('cleo'), await ringing('dan')]
    const outgoing = await call('firm')
    const [refused, stopped, incoming] = [
      await refuses.nextCall(),
      await idle.nextCall(),
      await rings.nextCall(),
    ]
    refused.decline(603)
    expect((await stopped.ended).how).toBe('cancelled')
    await incoming.answer()
    await outgoing.answered()
    await finish(outgoing, incoming, refuses, idle, rings)
  })

  test('every member declines: the caller is told at once', async () => {
    const phones = [await declining('cleo', 603), await declining('dan', 603)]
    expect(await (await call('firm')).ended).toMatchObject({ how: 'failed', status: 603 })
    await unregister(...phones)
  })

  test('one member is asleep: its app is woken and answers while the other rings', async () => {
    const [app, desk] = [
      await server.sleepingPhone('token-cleo', 'cleo', { protocol: 'tcp' }),
      await ringing('dan'),
    ]
    const outgoing = await call('firm')
    const atDesk = await desk.nextCall()
    await server.push.nextDelivery('token-cleo')
    expect((await app.wake()).status).toBe(200)
    const incoming = await app.nextCall()
    await outgoing.answered()
    expect(await atDesk.ended).toMatchObject({ how: 'cancelled', reason: elsewhere })
    await finish(outgoing, incoming, app, desk)
  })

  test('one member is asleep when another answers: it is told so by a push', async () => {
    const [app, desk] = [
      await server.sleepingPhone('token-dan', 'dan', { protocol: 'tcp' }),
      await ringing('cleo'),
    ]
    const outgoing = await call('firm')
    const incoming = await desk.nextCall()
    await server.push.nextDelivery('token-dan')
    await incoming.answer()
    await outgoing.answered()
    const told = await server.push.nextDelivery('token-dan')
    expect(told.payload).toMatchObject({ kind: 'ended', reason: elsewhere })
    await finish(outgoing, incoming, desk)
    expect(app.log.find(isRequest('INVITE'))).toEqual([])
  })

  test('nobody answers in its time: all stop, and its no-answer target is told of the group', async () => {
    const [eve, finn, bob] = [
      await ringing('eve'),
      await ringing('finn'),
      await server.registeredPhone('bob'),
    ]
    const outgoing = await call('brief')
    const left = [await eve.nextCall(), await finn.nextCall()]
    const incoming = await bob.nextCall()
    await outgoing.answered()
    for (const one of left) expect(await one.ended).toMatchObject({ how: 'cancelled', reason: noAnswer })
    expect(headerList(incoming.invite, 'Diversion')).toEqual([
      '<sip:brief@example.net>;reason=no-answer;counter=1',
    ])
    await finish(outgoing, incoming, eve, finn, bob)
  })

  test('no member has a phone: 480 at once', async () => {
    expect(await (await call('empty')).ended).toMatchObject({ how: 'failed', status: 480 })
  })
})

describe('a group in turn', () => {
  test.each(['turns', '+15551201'])(
    'called as %s: the first member’s time passes, then the next one rings, which is no diversion',
    async (callee) => {
      const [gil, hana] = [await ringing('gil'), await ringing('hana')]
      const outgoing = await call(callee)
      const first = await gil.nextCall()
      expect(hana.log.find(isRequest('INVITE'))).toEqual([])
      expect(await first.ended).toMatchObject({ how: 'cancelled', reason: noAnswer })
      const second = await hana.nextCall()
      await second.answer()
      await outgoing.answered()
      expect(history(second)).toEqual([])
      expect(header(second.invite, 'X-Call-Id')).toBe(header(first.invite, 'X-Call-Id'))
      await finish(outgoing, second, gil, hana)
    },
  )

  test('the first member answers: the next one never hears of the call', async () => {
    const [gil, hana] = [await server.registeredPhone('gil'), await ringing('hana')]
    const outgoing = await call('turns')
    const incoming = await gil.nextCall()
    await outgoing.answered()
    await finish(outgoing, incoming, gil, hana)
    expect(hana.log.find(isRequest('INVITE'))).toEqual([])
  })

  test.each([486, 603])('the first member says %i: the next one rings at once', async (status) => {
    const [busy, hana] = [await declining('gil', status), await server.registeredPhone('hana')]
    const outgoing = await call('turns')
    expect((await (await busy.nextCall()).ended).how).toBe('declined')
    const incoming = await hana.nextCall()
    await outgoing.answered()
    await finish(outgoing, incoming, busy, hana)
  })

  test('the first member sleeps on: it is told, the next one rings, and waking up now is too late', async () => {
    const gil = await server.sleepingPhone('token-gil', 'gil', { protocol: 'tcp' })
    const hana = await ringing('hana')
    const outgoing = await call('turns')
    const incoming = await hana.nextCall()
    const told = [await server.push.nextDelivery('token-gil'), await server.push.nextDelivery('token-gil')]
    expect(told.map(({ payload }) => payload['kind'])).toEqual(['call', 'ended'])
    expect(told[1]?.payload['reason']).toBe(noAnswer)
    expect((await gil.wake()).status).toBe(200)
    await incoming.answer()
    await outgoing.answered()
    await finish(outgoing, incoming, gil, hana)
    expect(gil.log.find(isRequest('INVITE'))).toEqual([])
  })

  test('of twenty, in which only the last has a phone: it rings', async () => {
    const kim = await server.registeredPhone('kim')
    const outgoing = await call('twenty')
    const incoming = await kim.nextCall()
    await outgoing.answered()
    expect(history(incoming)).toEqual([])
    await finish(outgoing, incoming, kim)
  })

  test('nobody answers: the no-answer target is told of the group once, and not of its members', async () => {
    const [ida, jan, bob] = [await ringing('ida'), await ringing('jan'), await server.registeredPhone('bob')]
    const outgoing = await call('hunt')
    const left = [await ida.nextCall(), await jan.nextCall()]
    const incoming = await bob.nextCall()
    await outgoing.answered()
    for (const one of left) expect(await one.ended).toMatchObject({ how: 'cancelled', reason: noAnswer })
    expect(headerList(incoming.invite, 'Diversion')).toEqual([
      '<sip:hunt@example.net>;reason=no-answer;counter=1',
    ])
    await finish(outgoing, incoming, ida, jan, bob)
  })

  test('every member declines: the no-answer target has the call all the same', async () => {
    const phones = [await declining('ida', 603), await declining('jan', 603)]
    const bob = await server.registeredPhone('bob')
    const outgoing = await call('hunt')
    const incoming = await bob.nextCall()
    await outgoing.answered()
    await finish(outgoing, incoming, ...phones, bob)
  })
})

test('a group as no-answer target: its members are told whom the caller wanted', async () => {
  const [wanted, lena] = [await ringing('to-desk'), await server.registeredPhone('lena')]
  const outgoing = await call('to-desk')
  const left = await wanted.nextCall()
  const incoming = await lena.nextCall()
  await outgoing.answered()
  expect(await left.ended).toMatchObject({ how: 'cancelled', reason: noAnswer })
  expect(headerList(incoming.invite, 'Diversion')).toEqual([
    '<sip:to-desk@example.net>;reason=no-answer;counter=1',
  ])
  expect(headerList(incoming.invite, 'History-Info')).toEqual([
    '<sip:to-desk@example.net?Reason=SIP%3Bcause%3D408>;index=1',
    '<sip:desk@example.net>;index=1.1',
  ])
  await finish(outgoing, incoming, wanted, lena)
})
