import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  header,
  type Call,
  type CallOptions,
  type IncomingCall,
  type InvitePolicy,
  type OutgoingCall,
  type PhoneOptions,
} from '../../src/demo/index.js'
import { TestServer, users } from '../support/server.js'

const callerHz = 1000
const phoneHz = 1600

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({ users: users(['ada', 'ben']) })
})
afterAll(() => server.close())
afterEach(() => server.quiet())

interface Bridge {
  readonly call: OutgoingCall
  readonly incoming: IncomingCall
}

interface Sides {
  readonly call?: CallOptions
  readonly phone?: Partial<PhoneOptions>
  readonly policy?: InvitePolicy
}

/** A call of a trunk that the phone of `ada` has answered. */
async function bridge({ call: options = {}, phone: own = {}, policy = {} }: Sides = {}): Promise<Bridge> {
  const phone = await server.phone('ada', { media: { hz: phoneHz }, ...own })
  phone.onInvite({ answerAfterMs: 10, ...policy })
  await phone.register()
  const caller = await server.caller()
  const call = await caller.call('sip:ada@example.net', options)
  const incoming = await phone.nextCall()
  await call.answered()
  await incoming.established
  // Nobody else's call is to ring this phone.
  await phone.unregister()
  return { call, incoming }
}

async function hangUp({ call, incoming }: Bridge): Promise<void> {
  call.hangUp()
  await Promise.all([call.ended, incoming.ended])
}

function hears(side: Call, ...tones: number[]): Promise<void> | undefined {
  return side.media.rtp.receiver.hearing?.hears(tones)
}

async function hearEachOther({ call, incoming }: Bridge): Promise<void> {
  await Promise.all([hears(call, phoneHz), hears(incoming, callerHz)])
}

/** Both got so many packets more. */
async function exchangePackets({ call, incoming }: Bridge): Promise<void> {
  await Promise.all([call, incoming].map((side) => packetsCome(side)))
}

async function packetsCome(side: Call, more = 10): Promise<void> {
  const before = side.media.rtp.received.packets
  await side.media.rtp.receiver.until(`${more} packets`, ({ packets }) => packets >= before + more)
}

/**
 * The packets of voice that a side gets while something else goes on. That goes on twice: at first what was on its way
 * still comes. Keys are not counted: FreeSWITCH passes them to a side that is to get nothing, too.
 */
async function hearsMeanwhile(side: Call, goesOn: () => Promise<void>): Promise<number> {
  const { codec, rtp } = side.media
  const heard = (): number => rtp.received.byPayloadType.get(codec?.payloadType ?? -1) ?? 0
  expect(heard()).toBeGreaterThan(0)
  await goesOn()
  const before = heard()
  await goesOn()
  return heard() - before
}

const sides = [
  { one: 'caller', who: ({ call }: Bridge): Call => call, other: ({ incoming }: Bridge): Call => incoming },
  { one: 'phone', who: ({ incoming }: Bridge): Call => incoming, other: ({ call }: Bridge): Call => call },
] as const

describe.each(sides)('the $one', ({ who, other }) => {
  test('hangs up: the other side is hung up with the reason', async () => {
    const both = await bridge()
    const reason = 'Q.850;cause=16;text="Normal call clearing"'
    expect((await who(both).bye({ Reason: reason })).status).toBe(200)
    expect(await other(both).ended).toMatchObject({ how: 'bye', by: 'them', reason })
  })

  test('puts the call on hold and takes it back: the media stops, and returns', async () => {
    const both = await bridge()
    await hearEachOther(both)
    const held = await who(both).hold()
    expect(held.status).toBe(200)
    expect(held.body).toContain('a=recvonly')
    expect(await hearsMeanwhile(who(both), () => packetsCome(other(both)))).toBe(0)
    await hears(other(both), who(both) === both.call ? callerHz : phoneHz)
    const back = await who(both).unhold()
    expect(back.body).toContain('a=sendrecv')
    await exchangePackets(both)
    await hangUp(both)
  })

  test('stops the media both ways: the answer is inactive', async () => {
    const both = await bridge()
    await hearEachOther(both)
    const stopped = await who(both).hold('inactive')
    expect(stopped.body).toContain('a=inactive')
    expect(await hearsMeanwhile(who(both), () => other(both).dtmf('1'))).toBe(0)
    const back = await who(both).unhold()
    expect(back.status).toBe(200)
    await exchangePackets(both)
    await hangUp(both)
  })

  test('refreshes by UPDATE without SDP, and the call goes on', async () => {
    const both = await bridge()
    expect((await who(both).update()).status).toBe(200)
    await exchangePackets(both)
    await hangUp(both)
  })

  test('offers what nobody can serve: 488, and the call goes on as it was', async () => {
    const both = await bridge()
    const sdp =
      'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n'
    expect((await who(both).reinvite({ sdp })).status).toBe(488)
    await exchangePackets(both)
    expect((await who(both).unhold()).status).toBe(200)
    await hangUp(both)
  })

  test('dials digits in the media: the other side gets them', async () => {
    const both = await bridge()
    await who(both).dtmf('19*#', 'rtp')
    await other(both).media.rtp.receiver.until('digits', ({ digits }) => digits === '19*#')
    await hangUp(both)
  })

  test('dials digits by INFO: the other side gets them', async () => {
    const both = await bridge()
    const came = other(both).nextInfo()
    await who(both).dtmf('7', 'info')
    const info = await came
    expect(header(info, 'Content-Type')).toBe('application/dtmf-relay')
    expect(info.body).toContain('Signal=7')
    await hangUp(both)
  })
})

describe('codecs', () => {
  test.each([
    ['PCMU', 'PCMA'],
    ['PCMA', 'PCMU'],
  ] as const)('a caller with %s and a phone with %s alone hear each other', async (ours, theirs) => {
    const both = await bridge({
      call: { media: { codecs: [ours] } },
      phone: { media: { codecs: [theirs], hz: phoneHz } },
    })
    await hearEachOther(both)
    expect(both.call.media.codec?.name).toBe(ours)
    expect(both.incoming.media.codec?.name).toBe(theirs)
    await hangUp(both)
  })

  test('two sides that speak opus and nothing else talk opus', async () => {
    const both = await bridge({
      call: { media: { codecs: ['opus'] } },
      phone: { media: { codecs: ['opus'], hz: phoneHz } },
    })
    await exchangePackets(both)
    expect(both.incoming.media.codec?.name).toBe('opus')
    await hangUp(both)
  })

  test.each([
    ['encrypted media', 'm=audio 4000 RTP/SAVP 0'],
    ['video alone', 'm=video 4000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000'],
  ])('an offer of %s is refused with 488', async (_what, media) => {
    const verbatim = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n${media}\r\n`
    const phone = await server.phone('ben')
    await phone.register()
    const caller = await server.caller()
    const call = await caller.call('sip:ben@example.net', { sdp: { verbatim } })
    expect(await call.outcome).toMatchObject({ kind: 'failed', status: 488 })
    await phone.unregister()
  })

  test('a phone that takes none of the codecs: the caller gets 488', async () => {
    const phone = await server.phone('ben', { media: { codecs: ['G729'] } })
    await phone.register()
    const caller = await server.caller()
    const call = await caller.call('sip:ben@example.net', { media: { codecs: ['PCMU'] } })
    expect(await call.outcome).toMatchObject({ kind: 'failed', status: 488 })
    await phone.unregister()
  })
})

describe('session timers', () => {
  test('a session that is too short is refused with 422 and the shortest that will do', async () => {
    const caller = await server.caller({ sessionTimer: { seconds: 60 } })
    const call = await caller.call('sip:ben@example.net')
    const outcome = await call.outcome
    expect(outcome).toMatchObject({ kind: 'failed', status: 422 })
    if (outcome.kind === 'failed') expect(header(outcome.response, 'Min-SE')).toBe('90')
  })

  test.each([
    { asked: undefined, granted: '600;refresher=uac' },
    { asked: 'uac', granted: '600;refresher=uac' },
    { asked: 'uas', granted: '600;refresher=uas' },
  ] as const)(
    'a caller that asks for $asked as refresher is granted $granted',
    async ({ asked, granted }) => {
      const refresher = asked === undefined ? {} : { refresher: asked }
      const phone = await server.phone('ada')
      await phone.register()
      const caller = await server.caller({ sessionTimer: { seconds: 600, ...refresher } })
      const call = await caller.call('sip:ada@example.net')
      const incoming = await phone.nextCall()
      const answer = await call.answered()
      await incoming.established
      expect(header(answer, 'Session-Expires')).toBe(granted)
      await phone.unregister()
      await hangUp({ call, incoming })
    },
  )

  test('a caller that knows none: the server keeps the session, and says so', async () => {
    const both = await bridge()
    const outcome = await both.call.outcome
    if (outcome.kind !== 'answered') throw new Error('not answered')
    expect(header(outcome.response, 'Session-Expires')).toBe('1800;refresher=uas')
    await hangUp(both)
  })

  test('the phone is offered a session timer, and may leave it', async () => {
    const both = await bridge()
    expect(header(both.incoming.invite, 'Session-Expires')).toMatch(/^1800/)
    expect(header(both.incoming.invite, 'Min-SE')).toBe('90')
    expect(header(both.incoming.invite, 'Supported')).toContain('timer')
    await hangUp(both)
  })

  test("a phone that keeps the session refreshes it within the server's dialog", async () => {
    const both = await bridge({ phone: { sessionTimer: { seconds: 1800 } } })
    expect((await both.incoming.update()).status).toBe(200)
    await exchangePackets(both)
    await hangUp(both)
  })
})
