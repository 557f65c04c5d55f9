import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  header,
  headerList,
  isRequest,
  isResponse,
  type IncomingCall,
  type OutgoingCall,
  type SipResponse,
} from '../../src/demo/index.js'
import { engines } from '../support/engines.js'
import { pushParams, TestServer, users, type ConfigTree } from '../support/server.js'

const everybody = { users: users(['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gil', 'hal']) }

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start(everybody)
})
afterAll(() => server.close())
afterEach(() => server.quiet())

/** What the trunk that calls come from asks for, from now on. */
function trunk(carrier: ConfigTree): void {
  server.reload({ ...everybody, trunks: { carrier } })
}

/** A 100 says nothing to a user, and comes only where the server takes its time. */
function statuses(call: OutgoingCall): number[] {
  return call.provisionals.map(({ status }) => status).filter((status) => status > 100)
}

async function hangUp(call: OutgoingCall, incoming: IncomingCall): Promise<void> {
  call.hangUp()
  await Promise.all([call.ended, incoming.ended])
}

/** The caller says 1000 Hz, the phone 1600 Hz. */
async function hearEachOther(call: OutgoingCall, incoming: IncomingCall): Promise<void> {
  await Promise.all([
    call.media.rtp.receiver.hearing?.hears([1600]),
    incoming.media.rtp.receiver.hearing?.hears([1000]),
  ])
}

describe('a trunk that asks for early media', () => {
  test.each([
    ['us', [440, 480]],
    ['uk', [400, 450]],
    ['de', [425]],
    ['fr', [440]],
  ])("gets 183, and the caller hears the ringback tone of '%s'", async (tone, tones) => {
    trunk({ ringback: 'early-media', tone })
    await server.sleepingPhone('token-ada', 'ada', { protocol: 'tcp' })
    const caller = await server.caller()
    const call = await caller.call('sip:ada@example.net')
    const progress = await call.provisional('with-sdp')
    expect(progress.status).toBe(183)
    await call.media.rtp.receiver.hearing?.hears(tones)
    call.cancel()
    await call.ended
    expect(statuses(call)).toEqual([183])
  })

  test('the tone ends and the callee is heard as soon as the callee answers', async () => {
    trunk({ ringback: 'early-media' })
    const phone = await server.phone('ben', { media: { hz: 1600 } })
    phone.onInvite({})
    await phone.register()
    const caller = await server.caller()
    const call = await caller.call('sip:ben@example.net')
    await call.provisional('with-sdp')
    await call.media.rtp.receiver.hearing?.hears([440, 480])
    const incoming = await phone.nextCall()
    await incoming.answer()
    await call.answered()
    await hearEachOther(call, incoming)
    await hangUp(call, incoming)
    await phone.unregister()
  })

  test("the 183 and the 200 carry one and the same answer to the caller's offer", async () => {
    trunk({ ringback: 'early-media' })
    const phone = await server.phone('ben')
    await phone.register()
    const caller = await server.caller()
    const call = await caller.call('sip:ben@example.net')
    const progress = await call.provisional('with-sdp')
    const incoming = await phone.nextCall()
    const answer = await call.answered()
    expect(answer.body).toBe(progress.body)
    await hangUp(call, incoming)
    await phone.unregister()
  })

  test.each([
    { trusted: true, asked: true, told: 'sendonly' },
    { trusted: true, asked: false, told: undefined },
    { trusted: false, asked: true, told: undefined },
  ])(
    'P-Early-Media to a trunk that is trusted: $trusted, and asked for it: $asked',
    async ({ trusted, asked, told }) => {
      trunk({ ringback: 'early-media', trusted })
      await server.sleepingPhone('token-ada', 'ada', { protocol: 'tcp' })
      const caller = await server.caller()
      const call = await caller.call('sip:ada@example.net', {
        headers: asked ? { 'P-Early-Media': 'supported' } : {},
      })
      expect(header(await call.provisional(183), 'P-Early-Media')).toBe(told)
      call.cancel()
      await call.ended
    },
  )
})

describe('a trunk that asks for ringing', () => {
  test('gets 180 at once, and no SDP before the answer', async () => {
    trunk({ ringback: 'ringing' })
    const phone = await server.sleepingPhone('token-cleo', 'cleo', { protocol: 'tcp' })
    const caller = await server.caller()
    const call = await caller.call('sip:cleo@example.net')
    await server.push.nextDelivery('token-cleo')
    await call.provisional(180)
    await phone.wake()
    const incoming = await phone.nextCall()
    await call.answered()
    expect(statuses(call)).toEqual([180])
    expect(call.provisionals.every(({ body }) => body === '')).toBe(true)
    await hangUp(call, incoming)
  })

  test.skipIf(engines.freeswitch !== undefined)(
    'waits without a media port, and gets one with the phone',
    async () => {
      trunk({ ringback: 'ringing' })
      const phone = await server.registeredPhone('cleo', 'token-cleo', { protocol: 'tcp' })
      // Without its push parameters, or it would take those back as well (RFC 8599 §4.1.1).
      await phone.register({ expires: 0, contactParams: {} })
      await phone.sleep()
      const caller = await server.caller()
      const call = await caller.call('sip:cleo@example.net')
      await server.push.nextDelivery('token-cleo')
      await call.provisional(180)
      expect((await server.metric('reveille_media_endpoints')).get('')).toBe(0)
      await phone.wake({ expires: 3600 })
      const incoming = await phone.nextCall()
      await call.answered()
      expect((await server.metric('reveille_media_endpoints')).get('')).toBe(2)
      await hangUp(call, incoming)
    },
  )

  test('is refused with 488 for an offer that nobody can serve, and no phone is woken', async () => {
    trunk({ ringback: 'ringing' })
    await server.sleepingPhone('token-hal', 'hal', { protocol: 'tcp' })
    const caller = await server.caller()
    const verbatim =
      'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n'
    const call = await caller.call('sip:hal@example.net', { sdp: { verbatim } })
    expect(await call.outcome).toMatchObject({ kind: 'failed', status: 488 })
    expect(server.push.pushesTo('token-hal')).toEqual([])
  })
})

describe('a trunk that asks for queueing', () => {
  test('gets 182, and 180 only when a phone truly rings (flexisip #43, freeswitch #2596)', async () => {
    trunk({ ringback: 'queued' })
    const phone = await server.sleepingPhone('token-dan', 'dan', { protocol: 'tcp' })
    phone.onInvite({ ringAfterMs: 'never' })
    const caller = await server.caller()
    const call = await caller.call('sip:dan@example.net')
    await call.provisional(182)
    await server.push.nextDelivery('token-dan')
    await phone.wake()
    const incoming = await phone.nextCall()
    expect(statuses(call)).toEqual([182])
    await incoming.ring()
    await call.provisional(180)
    await incoming.answer()
    await call.answered()
    expect(statuses(call)).toEqual([182, 180])
    await hangUp(call, incoming)
  })

  test('gets no second 180 when a second phone rings', async () => {
    trunk({ ringback: 'queued' })
    const [first, second] = [await server.phone('eve'), await server.phone('eve')]
    for (const phone of [first, second]) {
      phone.onInvite({ ringAfterMs: 'never' })
      await phone.register({ contactParams: pushParams(phone.instance) })
    }
    const caller = await server.caller()
    const call = await caller.call('sip:eve@example.net')
    const [loser, winner] = [await first.nextCall(), await second.nextCall()]
    await loser.ring()
    await call.provisional(180)
    await winner.ring()
    await winner.answer()
    await call.answered()
    expect(statuses(call)).toEqual([182, 180])
    await loser.ended
    await hangUp(call, winner)
  })
})

describe('a caller that requires reliable provisionals', () => {
  test.each(['early-media', 'ringing', 'queued'])(
    'gets them of a trunk that asks for %s, and its PRACKs are answered',
    async (ringback) => {
      trunk({ ringback })
      const phone = await server.phone('finn', { media: { hz: 1600 } })
      await phone.register()
      const caller = await server.caller()
      const call = await caller.call('sip:finn@example.net', { reliable: 'required' })
      const incoming = await phone.nextCall()
      await call.answered()
      const told = call.provisionals.filter(({ status }) => status > 100)
      expect(told.length).toBeGreaterThan(0)
      expect(told.every(isReliable)).toBe(true)
      expect(caller.peer.log.find(isResponse(200, 'PRACK'))).toHaveLength(told.length)
      await hearEachOther(call, incoming)
      await hangUp(call, incoming)
      await phone.unregister()
    },
  )

  test('gets the 183 again until its PRACK comes through, and the 200 after that', async () => {
    trunk({ ringback: 'early-media' })
    const phone = await server.phone('finn')
    await phone.register()
    const caller = await server.caller()
    // Two: the first is repeated after T1 by itself, at the moment that the 183 is.
    caller.peer.sending.dropFirst(2, isRequest('PRACK'))
    const call = await caller.call('sip:finn@example.net', { reliable: 'required' })
    const incoming = await phone.nextCall()
    await call.answered()
    const came = caller.peer.log.entries
      .filter(({ direction }) => direction === 'received')
      .map(({ message }) => message)
    const acknowledged = came.findIndex(isResponse(200, 'PRACK'))
    expect(acknowledged).toBeGreaterThan(-1)
    expect(came.filter(isResponse(183)).length).toBeGreaterThan(1)
    expect(came.findIndex(isResponse(200, 'INVITE'))).toBeGreaterThan(acknowledged)
    await hangUp(call, incoming)
    await phone.unregister()
  })
})

describe('a caller that leaves the offer to us', () => {
  test.each(['early-media', 'ringing', 'queued'])(
    'from a trunk that asks for %s gets ours in the 200, and both sides hear each other',
    async (ringback) => {
      trunk({ ringback })
      const phone = await server.phone('gil', { media: { hz: 1600 } })
      await phone.register()
      const caller = await server.caller()
      const call = await caller.call('sip:gil@example.net', { sdp: 'none' })
      const incoming = await phone.nextCall()
      const answer = await call.answered()
      expect(answer.body).toContain('m=audio')
      expect(call.provisionals.every(({ body }) => body === '')).toBe(true)
      await hearEachOther(call, incoming)
      await hangUp(call, incoming)
      await phone.unregister()
    },
  )
})

function isReliable(response: SipResponse): boolean {
  return headerList(response, 'Require').includes('100rel') && header(response, 'RSeq') !== undefined
}
