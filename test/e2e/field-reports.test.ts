import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CallApi, header, type OutgoingCall, type Phone } from '../../src/demo/index.js'
import { TestServer, users } from '../support/server.js'

/**
 * What users of other push servers report, each a test that it does not happen here. More of them stand where their
 * subject is tested, with the number of the thread in their names.
 */

let server: TestServer
let api: CallApi

beforeAll(async () => {
  server = await TestServer.start({
    users: users(['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gil', 'hana']),
  })
  api = new CallApi(server.server.http)
})
afterAll(async () => {
  api.close()
  await server.close()
})
afterEach(async () => {
  server.push.answerWith({})
  await server.quiet()
})

function asleep(user: string, token = `token-${user}`): Promise<Phone> {
  return server.sleepingPhone(token, user, { protocol: 'tcp' })
}

async function call(user: string): Promise<OutgoingCall> {
  return (await server.caller()).call(`sip:${user}@example.net`)
}

async function pushedTo(user: string): Promise<{ id: string; token: string; sipCallId: string }> {
  const { payload } = await server.push.nextDelivery(`token-${user}`)
  const text = (key: string): string => String(payload[key])
  return { id: text('callId'), token: text('token'), sipCallId: text('sipCallId') }
}

describe('it does not happen here that', () => {
  test('a caller gets 503 or 480 at once, because the phone sleeps (flexisip #59, #68)', async () => {
    const phone = await asleep('ada')
    const outgoing = await call('ada')
    await pushedTo('ada')
    // The caller is held while the phone takes its time.
    const over = await Promise.race([outgoing.outcome, phone.wake().then(() => undefined)])
    expect(over).toBeUndefined()
    const incoming = await phone.nextCall()
    await outgoing.answered()
    incoming.hangUp()
    await outgoing.ended
  })

  test('a phone that wakes late is rung for a call that is over (flexisip #241, OpenSIPS #1237, #2891)', async () => {
    const phone = await asleep('ben')
    const outgoing = await call('ben')
    const { id, token } = await pushedTo('ben')
    outgoing.cancel({ headers: { Reason: 'SIP;cause=200;text="Call completed elsewhere"' } })
    await outgoing.outcome
    await phone.wake()
    expect(await api.view(id, token)).toMatchObject({
      status: 200,
      body: {
        state: 'ended',
        ending: { cause: 'cancelled', reason: 'SIP;cause=200;text="Call completed elsewhere"' },
      },
    })
    expect(phone.calls).toEqual([])
  })

  test('INVITE and CANCEL, wait and early media lock each other up (OpenSIPS #1276, Kamailio #1138, #3782)', async () => {
    const phone = await asleep('cleo')
    phone.onInvite({})
    for (let round = 0; round < 10; round++) {
      const outgoing = await call('cleo')
      await pushedTo('cleo')
      // The CANCEL meets the REGISTER, the INVITE or the 180, as it comes.
      const woken = phone.wake()
      setTimeout(() => outgoing.cancel(), round * 2)
      expect(await outgoing.outcome).toMatchObject({ kind: 'cancelled' })
      await woken
      await server.quiet()
      await phone.sleep()
    }
  })

  test('a phone rings on for a caller that gave up (siprix #58, snikket-ios #255, wazo-calld #352)', async () => {
    const rings = await server.phone('dan', { protocol: 'tcp' })
    rings.onInvite({})
    await rings.register()
    await asleep('dan')
    const outgoing = await call('dan')
    const ringing = await rings.nextCall()
    await pushedTo('dan')
    outgoing.cancel()
    await outgoing.outcome
    expect(await ringing.ended).toMatchObject({ how: 'cancelled' })
    const ended = await server.push.nextDelivery('token-dan')
    expect(ended.payload).toMatchObject({
      kind: 'ended',
      reason: expect.stringMatching(/^SIP;cause=487/) as string,
    })
    await rings.unregister()
  })

  test('an answer that comes before the INVITE is lost (linphone-iphone #924, #990)', async () => {
    const phone = await asleep('eve')
    const outgoing = await call('eve')
    const { id, token } = await pushedTo('eve')
    expect((await api.accept(id, token)).status).toBe(200)
    await phone.wake()
    const incoming = await phone.nextCall()
    await outgoing.answered()
    await incoming.established
    incoming.hangUp()
    await outgoing.ended
  })

  test('an app shows two calls, because push and INVITE differ in their ids (linphone-iphone #654)', async () => {
    const phone = await asleep('finn')
    const outgoing = await call('finn')
    const { id, sipCallId } = await pushedTo('finn')
    await phone.wake()
    const incoming = await phone.nextCall()
    expect(header(incoming.invite, 'call-id')).toBe(sipCallId)
    expect(header(incoming.invite, 'x-call-id')).toBe(id)
    await outgoing.answered()
    incoming.hangUp()
    await outgoing.ended
  })

  test('nobody can say where the time to wake goes (linphone-iphone #415)', async () => {
    const phone = await asleep('gil')
    const outgoing = await call('gil')
    const { id } = await pushedTo('gil')
    await phone.wake()
    const incoming = await phone.nextCall()
    await outgoing.answered()
    incoming.hangUp()
    await outgoing.ended
    const stages = [
      'invite',
      'push_sent',
      'push_acknowledged',
      'registered',
      'dialled',
      'answered',
      'bridged',
    ]
    await expect
      .poll(async () => (await fetch(`${server.url}/v1/admin/calls/${id}`)).json())
      .toMatchObject({
        timeline: { stages: Object.fromEntries(stages.map((stage) => [stage, expect.any(Number)])) },
      })
  })

  test('a device is pushed again while a push is under way (OpenSIPS #2873, #4222)', async () => {
    const phone = await asleep('hana')
    server.push.answerWith({ delayMs: 500 })
    const [first, second] = [await call('hana'), await call('hana')]
    await server.push.nextDelivery('token-hana')
    await server.push.nextDelivery('token-hana')
    await phone.wake()
    const incoming = [await phone.nextCall(), await phone.nextCall()]
    await Promise.all([first.answered(), second.answered()])
    // One push a call, although the service was slow to answer.
    const calls = server.push.pushesTo('token-hana').map(({ payload }) => String(payload['callId']))
    expect(new Set(calls).size).toBe(calls.length)
    for (const one of incoming) one.hangUp()
    await Promise.all([first.ended, second.ended])
  })
})
