import { afterEach, describe, expect, it } from 'vitest'
import { header, isRequest, isResponse } from '../../src/demo/index.js'
import { parseSdp } from '../../src/demo/sip/sdp.js'
import { bob, openPair, type Pair, type PairOptions } from './pair.js'

let pair: Pair
afterEach(() => pair.close())

async function pairOf(options: PairOptions = {}): Promise<Pair> {
  pair = await openPair(options)
  return pair
}

describe.each(['udp', 'tcp'] as const)('a call over %s', (protocol) => {
  it('rings, is answered, carries sound both ways and ends with BYE', async () => {
    const { caller, phone } = await pairOf({ protocol })
    phone.onInvite({ answerAfterMs: 30 })
    const call = await caller.call(bob)
    const incoming = await phone.nextCall()
    expect((await call.provisional(180)).status).toBe(180)
    await call.answered()
    await incoming.established
    await Promise.all([
      call.media.rtp.receiver.hearing?.hears([1000]),
      incoming.media.rtp.receiver.hearing?.hears([800]),
    ])
    expect(incoming.media.rtp.received.continuity).toMatchObject({
      lost: 0,
      ssrcChanges: 0,
      timestampJumps: 0,
    })
    await call.bye({ Reason: 'Q.850;cause=16' })
    expect(await incoming.ended).toMatchObject({ how: 'bye', by: 'them', reason: 'Q.850;cause=16' })
    expect(await call.ended).toMatchObject({ how: 'bye', by: 'us' })
    expect([...caller.peer.faults, ...phone.peer.faults]).toEqual([])
  })

  it('is put on hold and taken back by the phone', async () => {
    const { caller, phone } = await pairOf({ protocol })
    phone.onInvite({ answerAfterMs: 0 })
    const call = await caller.call(bob)
    const incoming = await phone.nextCall()
    await incoming.established
    expect((await incoming.hold()).status).toBe(200)
    const held = await caller.peer.expect(isRequest('INVITE'))
    expect(parseSdp(held.body)?.direction).toBe('sendonly')
    expect(call.media.rtp.sender.sending).toBe(false)
    expect((await incoming.unhold()).status).toBe(200)
    expect(call.media.rtp.sender.sending).toBe(true)
    // Each re-INVITE got its ACK, on the connection that it came from.
    await caller.peer.expect((message) => isRequest('ACK')(message) && header(message, 'CSeq') === '2 ACK')
  })

  it('carries digits as telephone events and as INFO', async () => {
    const { caller, phone } = await pairOf({ protocol })
    phone.onInvite({ answerAfterMs: 0 })
    const call = await caller.call(bob)
    const incoming = await phone.nextCall()
    await incoming.established
    await call.dtmf('1*#', 'rtp', 60)
    const got = await incoming.media.rtp.receiver.until('three digits', ({ digits }) => digits.length === 3)
    expect(got.digits).toBe('1*#')
    await incoming.dtmf('42', 'info')
    expect(call.infos).toEqual(['Signal=4\r\nDuration=100\r\n', 'Signal=2\r\nDuration=100\r\n'])
  })
})

describe('a callee', () => {
  it('declines with a status and its headers', async () => {
    const { caller, phone } = await pairOf()
    phone.onInvite({ decline: { status: 302, headers: { Contact: '<sip:carol@127.0.0.1>' } } })
    const call = await caller.call(bob)
    const outcome = await call.outcome
    expect(outcome).toMatchObject({ kind: 'failed', status: 302 })
    expect(outcome.kind === 'failed' && header(outcome.response, 'Contact')).toBe('<sip:carol@127.0.0.1>')
    await expect(call.answered()).rejects.toThrow('302 Moved Temporarily')
    expect(await call.ended).toMatchObject({ how: 'failed', by: 'them', status: 302 })
  })

  it('answers 488 where no codec is common', async () => {
    const { caller, phone } = await pairOf({ phoneMedia: { codecs: ['opus'] } })
    phone.onInvite({ answerAfterMs: 0 })
    expect(await (await caller.call(bob)).outcome).toMatchObject({ kind: 'failed', status: 488 })
  })

  it('is heard before it answers, by early media', async () => {
    const { caller, phone } = await pairOf()
    phone.onInvite({ earlyMedia: true })
    const call = await caller.call(bob)
    await call.provisional('with-sdp')
    await call.media.rtp.receiver.hearing?.hears([1000])
    const incoming = await phone.nextCall()
    expect(await incoming.answer()).toBe(true)
    await incoming.established
  })

  it('takes a call without SDP by an offer of its own, answered in the ACK', async () => {
    const { caller, phone } = await pairOf({ callerMedia: { codecs: ['PCMA'] } })
    phone.onInvite({ answerAfterMs: 0 })
    const call = await caller.call(bob, { sdp: 'none' })
    const incoming = await phone.nextCall()
    const ack = await incoming.established
    expect(parseSdp(ack.body)?.codecs.map((c) => c.name)).toEqual(['PCMA'])
    await incoming.media.rtp.receiver.hearing?.hears([800])
    await call.media.rtp.receiver.hearing?.hears([1000])
  })

  it('repeats a reliable provisional until its PRACK comes', async () => {
    const { caller, phone } = await pairOf()
    caller.peer.sending.dropFirst(1, isRequest('PRACK'))
    phone.peer.sending.dropFirst(1, isResponse(180))
    phone.onInvite({ reliable: true, answerAfterMs: 0 })
    const call = await caller.call(bob, { reliable: 'supported' })
    await call.answered()
    expect(phone.log.find(isResponse(180), 'sent')).not.toHaveLength(0)
    expect(header(await phone.expect(isRequest('PRACK')), 'RAck')).toMatch(/^\d+ 1 INVITE$/)
    // The 200 had to wait for it.
    const order = phone.log.entries.filter((e) => e.fate === 'passed').map((e) => e.message)
    expect(order.findIndex(isRequest('PRACK'))).toBeLessThan(order.findIndex(isResponse(200, 'INVITE')))
  })

  it('is refused a second offer while the first is under way, by 491', async () => {
    const { caller, phone } = await pairOf()
    phone.onInvite({ answerAfterMs: 0 })
    const call = await caller.call(bob)
    const incoming = await phone.nextCall()
    await incoming.established
    caller.peer.receiving.set({ delayMs: 30 })
    phone.receiving.set({ delayMs: 30 })
    const both = await Promise.all([call.hold(), incoming.hold()])
    expect(both.map((response) => response.status)).toEqual([491, 491])
    expect((await call.hold()).status).toBe(200)
  })

  it('knows no dialog after its end: 481', async () => {
    const { caller, phone } = await pairOf()
    phone.onInvite({ answerAfterMs: 0 })
    const call = await caller.call(bob)
    const incoming = await phone.nextCall()
    await incoming.established
    await incoming.abandon()
    expect((await call.update()).status).toBe(481)
  })
})

describe('session timers', () => {
  it('are refreshed by the side that agreed to, and end the call when it falls silent', async () => {
    const { caller, phone } = await pairOf({ sessionTimer: { seconds: 1, refresher: 'uac' } })
    phone.onInvite({ answerAfterMs: 0 })
    const call = await caller.call(bob)
    const incoming = await phone.nextCall()
    await incoming.established
    await phone.expect(isRequest('UPDATE'))
    caller.peer.sending.dropFirst(Infinity, isRequest('UPDATE'))
    expect(await call.ended).toMatchObject({
      how: 'bye',
      by: 'them',
      reason: expect.stringContaining('408') as string,
    })
  })
})
