import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Caller, OutgoingCall } from '../../src/demo/index.js'
import { TestServer } from '../support/server.js'
import { Baresip, type BaresipOptions } from './baresip.js'
import { describeWith } from './installed.js'

const CALLER_TONE = 1000
const BARESIP_TONE = 700
/** Nothing takes so long, unless it never comes. */
const PATIENCE_MS = 20_000
const ALICE = 'sip:+15551001@example.net'

describeWith('baresip', 'the softphone baresip', () => {
  let server: TestServer
  let caller: Caller

  beforeAll(async () => {
    // Queued callers hear of it by 180 when the phone rings.
    server = await TestServer.start({ trunks: { carrier: { ringback: 'queued' } } })
    caller = await server.caller({ media: { hz: CALLER_TONE } })
  })
  afterAll(async () => {
    await server.close()
  })

  describe.each(['udp', 'tcp'] as const)('over %s', { timeout: 60_000 }, (protocol) => {
    const running: Baresip[] = []

    afterEach(async () => {
      for (const baresip of running.splice(0)) await baresip.close()
    })

    async function registered(options: Partial<BaresipOptions> = {}): Promise<Baresip> {
      const address = server.address(protocol)
      const baresip = await Baresip.start({
        ...{ server: address, protocol, user: 'alice', hz: BARESIP_TONE },
        ...options,
      })
      running.push(baresip)
      return baresip
    }

    /** Rings baresip, which takes the call. */
    async function connected(baresip: Baresip): Promise<OutgoingCall> {
      const call = await caller.call(ALICE)
      await baresip.event('CALL_INCOMING')
      await call.provisional(180, PATIENCE_MS)
      await baresip.command('accept')
      await call.answered()
      await baresip.event('CALL_ESTABLISHED')
      return call
    }

    test('is called, and both sides hear each other until the caller hangs up', async () => {
      const baresip = await registered({ autoAnswer: true })
      const call = await caller.call(ALICE)
      await call.answered()
      await call.media.rtp.receiver.hearing?.hears([BARESIP_TONE], PATIENCE_MS)
      await call.media.rtp.receiver.until('a second of sound', ({ packets }) => packets >= 50, PATIENCE_MS)
      call.hangUp()
      await baresip.event('CALL_CLOSED')
      const { sent, received, heard } = await baresip.firstCall()
      expect(sent).toBeGreaterThanOrEqual(50)
      expect(received).toBeGreaterThanOrEqual(25)
      expect(heard).toContainEqual([CALLER_TONE])
      await server.quiet()
    })

    test('rings, is answered by hand, and hangs up', async () => {
      const baresip = await registered()
      const call = await connected(baresip)
      await baresip.command('hangup')
      expect(await call.ended).toMatchObject({ how: 'bye', by: 'them' })
      await server.quiet()
    })

    test('declines a call, and the caller gets 486', async () => {
      const baresip = await registered()
      const call = await caller.call(ALICE)
      await baresip.event('CALL_INCOMING')
      await baresip.command('hangup')
      expect(await call.outcome).toMatchObject({ kind: 'failed', status: 486 })
      await server.quiet()
    })

    test('is told that the caller gave up', async () => {
      const baresip = await registered()
      const call = await caller.call(ALICE)
      await baresip.event('CALL_INCOMING')
      await call.provisional(180, PATIENCE_MS)
      call.cancel()
      expect(await call.outcome).toEqual({ kind: 'cancelled', crossed: false })
      await baresip.event('CALL_CLOSED')
      await server.quiet()
    })

    test('holds the call and takes it back', async () => {
      const baresip = await registered()
      const call = await connected(baresip)
      const { receiver } = call.media.rtp
      await receiver.hearing?.hears([BARESIP_TONE], PATIENCE_MS)
      await baresip.command('hold')
      // Its offer is sendonly; the answer to that is recvonly (RFC 3264 §8.4).
      await baresip.saw(/a=recvonly/)
      const before = receiver.received.packets
      await baresip.command('resume')
      await baresip.saw(/a=recvonly[^]*SIP\/2\.0 200 OK[^]*a=sendrecv/)
      await receiver.until('sound again', ({ packets }) => packets >= before + 25, PATIENCE_MS)
      call.hangUp()
      await server.quiet()
    })

    test('gets the digits that the caller presses', async () => {
      const baresip = await registered()
      const call = await connected(baresip)
      await call.dtmf('5#')
      expect((await baresip.event('CALL_DTMF_START')).param).toBe('5')
      expect((await baresip.event('CALL_DTMF_START')).param).toBe('#')
      call.hangUp()
      await server.quiet()
    })

    test('calls a user through the server, and both sides hear each other', async () => {
      const bob = await server.phone('bob', { protocol, media: { hz: CALLER_TONE } })
      await bob.register()
      const baresip = await registered()
      await baresip.command('dial', 'sip:+15551002@example.net')
      const call = await bob.nextCall(PATIENCE_MS)
      await call.established
      await call.media.rtp.receiver.hearing?.hears([BARESIP_TONE], PATIENCE_MS)
      await call.media.rtp.receiver.until('a second of sound', ({ packets }) => packets >= 50, PATIENCE_MS)
      call.hangUp()
      await baresip.event('CALL_CLOSED')
      expect((await baresip.firstCall()).heard).toContainEqual([CALLER_TONE])
      await bob.unregister()
      await server.quiet()
    })
  })
})
