import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type Caller,
  header,
  headerList,
  type IncomingCall,
  isRequest,
  type OutgoingCall,
} from '../../src/demo/index.js'
import { TestServer, users } from '../support/server.js'

const ring = '1s'

let server: TestServer
/** The far end of the trunk that calls go out through. */
let outside: Caller

beforeAll(async () => {
  server = await TestServer.start()
  outside = await server.caller({ user: 'gateway' })
  const { host, port } = outside.peer.local
  server.reload({
    trunks: { out: { proxy: `sip:${host}:${port}`, trusted: true } },
    users: {
      ...users(['ada', 'ben', 'cleo', 'dan', 'eve', 'finn'], { ring }),
      ...users(['to-ben'], { ring, 'no-answer': { user: 'ben' } }),
      ...users(['to-to-ben'], { ring, 'no-answer': { user: 'to-ben' } }),
      ...users(['to-outside'], { ring, 'no-answer': { uri: 'sip:+15558888@far.example', trunk: 'out' } }),
      ...users(['to-number'], { ring, 'no-answer': { number: '+15551002' } }),
      ...users(['to-status'], { ring, 'no-answer': { status: 486 } }),
      ...users(['tick'], { ring, 'no-answer': { user: 'tock' } }),
      ...users(['tock'], { ring, 'no-answer': { user: 'tick' } }),
    },
    routes: [{ match: '+1999*', uri: 'sip:+19995555@far.example', trunk: 'out' }],
  })
})
afterAll(() => server.close())
afterEach(async () => {
  server.push.answerWith({})
  await server.quiet()
})

async function call(user: string, headers: Record<string, string> = {}): Promise<OutgoingCall> {
  const caller = await server.caller()
  return caller.call(`sip:${user}@example.net`, { headers })
}

async function hangUp(outgoing: OutgoingCall, incoming: IncomingCall): Promise<void> {
  outgoing.hangUp()
  await Promise.all([outgoing.ended, incoming.ended])
}

describe('nobody answers', () => {
  test('and there is nowhere else to go: 480 with the reason, and the phone is cancelled with it', async () => {
    const phone = await server.registeredPhone('ada')
    phone.onInvite({})
    const outgoing = await call('ada')
    const incoming = await phone.nextCall()
    const reason = 'SIP;cause=480;text="No answer"'
    expect(await outgoing.ended).toMatchObject({ how: 'failed', status: 480, reason })
    expect(await incoming.ended).toMatchObject({ how: 'cancelled', reason })
    await phone.unregister()
  })

  test('because the phone never woke: 480, and it is told by push', async () => {
    await server.sleepingPhone('token-dan', 'dan', { protocol: 'tcp' })
    const outgoing = await call('dan')
    expect(await outgoing.ended).toMatchObject({ how: 'failed', status: 480 })
    const told = [await server.push.nextPush('token-dan'), await server.push.nextPush('token-dan')]
    expect(told.map(({ payload }) => payload['kind'])).toEqual(['call', 'ended'])
    expect(told[1]?.payload['reason']).toBe('SIP;cause=480;text="No answer"')
  })

  test('because no phone was ever registered: 480 at once', async () => {
    expect(await (await call('eve')).ended).toMatchObject({ how: 'failed', status: 480 })
  })

  test('at one user: the call goes on to the next, which is told where it comes from', async () => {
    const first = await server.registeredPhone('to-ben')
    first.onInvite({})
    const second = await server.registeredPhone('ben')
    const outgoing = await call('to-ben')
    const left = await first.nextCall()
    const incoming = await second.nextCall()
    await outgoing.answered()
    expect((await left.ended).how).toBe('cancelled')
    expect(headerList(incoming.invite, 'Diversion')).toEqual([
      '<sip:to-ben@example.net>;reason=no-answer;counter=1',
    ])
    expect(headerList(incoming.invite, 'History-Info')).toEqual([
      '<sip:to-ben@example.net?Reason=SIP%3Bcause%3D408>;index=1',
      '<sip:ben@example.net>;index=1.1',
    ])
    await hangUp(outgoing, incoming)
    await Promise.all([first.unregister(), second.unregister()])
  })

  test('at two users in a row: the third is told of both, the newest first', async () => {
    const phone = await server.registeredPhone('ben')
    const outgoing = await call('to-to-ben', {
      Diversion: '<sip:+15550100@carrier.example>;reason=unconditional',
    })
    const incoming = await phone.nextCall()
    await outgoing.answered()
    expect(headerList(incoming.invite, 'Diversion').map((one) => /<sip:([^@]+)@/.exec(one)?.[1])).toEqual([
      'to-ben',
      'to-to-ben',
      '+15550100',
    ])
    await hangUp(outgoing, incoming)
    await phone.unregister()
  })

  test('a caller that keeps its history private: the next one is not told', async () => {
    const phone = await server.registeredPhone('ben')
    const outgoing = await call('to-ben', { Privacy: 'history' })
    const incoming = await phone.nextCall()
    await outgoing.answered()
    expect(header(incoming.invite, 'History-Info')).toBeUndefined()
    expect(header(incoming.invite, 'Diversion')).toBeUndefined()
    await hangUp(outgoing, incoming)
    await phone.unregister()
  })

  test('at a user whose calls then go to a number of ours', async () => {
    const phone = await server.registeredPhone('bob')
    const outgoing = await call('to-number')
    const incoming = await phone.nextCall()
    await outgoing.answered()
    await hangUp(outgoing, incoming)
    await phone.unregister()
  })

  test('at a user whose calls then get a status: that status', async () => {
    expect(await (await call('to-status')).ended).toMatchObject({ how: 'failed', status: 486 })
  })

  test('at two users that point at each other: the call ends all the same', async () => {
    expect(await (await call('tick')).ended).toMatchObject({ how: 'failed', status: 480 })
  })
})

describe('a call that goes out through a trunk', () => {
  test('after no answer: both sides hear each other, and the far end is told where it comes from', async () => {
    outside.onInvite({ answerAfterMs: 20, media: { hz: 1600 } })
    const outgoing = await call('to-outside', { 'P-Asserted-Identity': '<sip:+15557777@carrier.example>' })
    const incoming = await outside.nextCall()
    await outgoing.answered()
    expect(incoming.invite.uri).toBe('sip:+15558888@far.example')
    expect(header(incoming.invite, 'To')).toBe('<sip:+15558888@far.example>')
    expect(header(incoming.invite, 'P-Asserted-Identity')).toBe('<sip:+15557777@carrier.example>')
    expect(headerList(incoming.invite, 'Diversion')).toEqual([
      '<sip:to-outside@example.net>;reason=unavailable;counter=1',
    ])
    await Promise.all([
      outgoing.media.rtp.receiver.hearing?.hears([1600]),
      incoming.media.rtp.receiver.hearing?.hears([1000]),
    ])
    await hangUp(outgoing, incoming)
  })

  test('by a route: the identity of a caller that asked for privacy stays within the trusted trunk', async () => {
    outside.onInvite({ answerAfterMs: 20 })
    const outgoing = await call('+19991234', {
      Privacy: 'id',
      'P-Asserted-Identity': '<sip:+15557777@carrier.example>',
    })
    const incoming = await outside.nextCall()
    await outgoing.answered()
    expect(header(incoming.invite, 'From')).toContain('anonymous')
    expect(header(incoming.invite, 'Privacy')).toBe('id')
    expect(header(incoming.invite, 'P-Asserted-Identity')).toBe('<sip:+15557777@carrier.example>')
    await hangUp(outgoing, incoming)
  })

  test.each([404, 486, 499, 503, 603, 607])('the far end says %i: so is the caller told', async (status) => {
    outside.onInvite({ decline: { status } })
    expect(await (await call('+19991234')).ended).toMatchObject({ how: 'failed', status })
    await outside.nextCall()
  })
})

describe('a phone that does not want the call', () => {
  test('is busy, and the only one: the caller is told at once', async () => {
    const phone = await server.registeredPhone('cleo')
    phone.onInvite({ decline: { status: 486 } })
    expect(await (await call('cleo')).ended).toMatchObject({ how: 'failed', status: 486 })
    await phone.unregister()
  })

  test('is busy while another rings: the other may still answer', async () => {
    const [busy, free] = [await server.registeredPhone('cleo'), await server.registeredPhone('cleo')]
    busy.onInvite({ decline: { status: 486 } })
    free.onInvite({ answerAfterMs: 200 })
    const outgoing = await call('cleo')
    const declined = await busy.nextCall()
    const incoming = await free.nextCall()
    await outgoing.answered()
    expect((await declined.ended).how).toBe('declined')
    await hangUp(outgoing, incoming)
    await Promise.all([busy.unregister(), free.unregister()])
  })

  test('declines for all of them with 603: the others stop ringing, and the caller is told', async () => {
    const [refuses, rings] = [await server.registeredPhone('finn'), await server.registeredPhone('finn')]
    const asleep = await server.sleepingPhone('token-finn', 'finn', { protocol: 'tcp' })
    rings.onInvite({})
    refuses.onInvite({})
    const outgoing = await call('finn')
    const [refused, ringing] = [await refuses.nextCall(), await rings.nextCall()]
    await server.push.nextDelivery('token-finn')
    refused.decline(603)
    expect(await outgoing.ended).toMatchObject({ how: 'failed', status: 603 })
    expect((await ringing.ended).how).toBe('cancelled')
    const told = await server.push.nextDelivery('token-finn')
    expect(told.payload).toMatchObject({ kind: 'ended' })
    expect(asleep.log.find(isRequest('INVITE'))).toEqual([])
    await Promise.all([refuses.unregister(), rings.unregister()])
  })

  test('is busy, and the user has a no-answer target: the call goes on to it as from a busy one', async () => {
    const busy = await server.registeredPhone('to-ben')
    busy.onInvite({ decline: { status: 486 } })
    const phone = await server.registeredPhone('ben')
    const outgoing = await call('to-ben')
    const incoming = await phone.nextCall()
    await outgoing.answered()
    expect(header(incoming.invite, 'Diversion')).toContain('reason=user-busy')
    await hangUp(outgoing, incoming)
    await Promise.all([busy.unregister(), phone.unregister()])
  })
})
