import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { IncomingCall, InviteDecision, Phone } from '../../src/demo/index.js'
import { describeWith } from '../clients/installed.js'
import { TestServer } from '../support/server.js'
import { Sipp, type SippOptions } from './sipp.js'
import { pcmuTone } from './tone.js'

/** What scripted phones send; SIPp sends it back. */
const PHONE_TONE = 1000
/** Nothing takes so long, unless it never comes. */
const PATIENCE_MS = 20_000

describeWith('sipp', 'SIPp as the caller', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await TestServer.start()
  })
  afterAll(async () => {
    await server.close()
  })

  describe.each(['udp', 'tcp'] as const)('over %s', { timeout: 60_000 }, (protocol) => {
    const open: { close(): Promise<void> }[] = []

    afterEach(async () => {
      for (const one of open.splice(0)) await one.close()
    })

    async function sipp(options: Omit<SippOptions, 'server' | 'protocol'>): Promise<Sipp> {
      const run = await Sipp.start({ ...options, protocol, server: server.address(protocol) })
      open.push(run)
      return run
    }

    async function registeredPhone(decision: InviteDecision = { answerAfterMs: 20 }): Promise<Phone> {
      const phone = await server.phone('alice', { protocol })
      // Its binding must go with it: the next call would ring a UDP port that nobody listens to any more.
      open.push({ close: async () => void (await phone.unregister()) })
      phone.onInvite(decision)
      const response = await phone.register()
      expect(response.status).toBe(200)
      return phone
    }

    /** Every call went as the scenario has it, and the server kept nothing of it. */
    async function wentWell(run: Sipp): Promise<void> {
      await run.done()
      await server.quiet()
    }

    test('20 calls, 10 a second, wake a sleeping phone, are held with early media and answered', async () => {
      const token = `talks-${protocol}`
      // On a connection, so that the server knows that it sleeps: an INVITE to a UDP port that is closed lasts for 32 s.
      const phone = await server.sleepingPhone(token, 'alice', { protocol: 'tcp' })
      open.push(phone)
      const run = await sipp({ scenario: 'caller-is-hung-up-on', calls: 20 })
      await server.push.nextDelivery(token, PATIENCE_MS)
      await phone.wake()
      await hearsAndHangsUp(await taken(phone, 20), PHONE_TONE)
      await wentWell(run)
    })

    test('20 callers talk and hang up, and the phone is told', async () => {
      const phone = await registeredPhone()
      const run = await sipp({ scenario: 'caller-talks', calls: 20 })
      const endings = await Promise.all((await taken(phone, 20)).map((call) => call.ended))
      expect(endings.map(({ how, by }) => `${how} by ${by}`)).toEqual(Array(20).fill('bye by them'))
      await wentWell(run)
    })

    test('the phone hears the sound that SIPp plays', async () => {
      const phone = await registeredPhone()
      const run = await sipp({ scenario: 'caller-speaks', tone: pcmuTone(440) })
      await hearsAndHangsUp(await taken(phone, 1), 440)
      await wentWell(run)
    })

    test('20 callers who give up while the phone rings get 487, and the phone is told', async () => {
      const phone = await registeredPhone({})
      const run = await sipp({ scenario: 'caller-cancels', calls: 20 })
      const endings = await Promise.all((await taken(phone, 20)).map((call) => call.ended))
      expect(new Set(endings.map(({ how }) => how))).toEqual(new Set(['cancelled']))
      await wentWell(run)
    })

    test('10 callers that require reliable provisionals get them, each with its PRACK', async () => {
      await registeredPhone({ answerAfterMs: 100 })
      await wentWell(await sipp({ scenario: 'caller-wants-100rel', calls: 10 }))
    })

    test('10 callers that leave the offer to the other side are bridged', async () => {
      const phone = await registeredPhone()
      const run = await sipp({ scenario: 'caller-offers-late', calls: 10 })
      await hearsAndHangsUp(await taken(phone, 10), PHONE_TONE)
      await wentWell(run)
    })

    test('10 callers that hold and come back get the directions that belong to it', async () => {
      await registeredPhone()
      await wentWell(await sipp({ scenario: 'caller-holds', calls: 10 }))
    })

    test('10 callers hang up before they acknowledge the answer, and nothing stays open', async () => {
      await registeredPhone()
      await wentWell(await sipp({ scenario: 'caller-hangs-up-before-its-ack', calls: 10 }))
    })

    test('a wrong number gets 404', async () => {
      await wentWell(await sipp({ scenario: 'caller-dials-a-wrong-number' }))
    })
  })
})

/** The phone's next calls. */
async function taken(phone: Phone, count: number): Promise<IncomingCall[]> {
  const calls: IncomingCall[] = []
  while (calls.length < count) calls.push(await phone.nextCall(PATIENCE_MS))
  return calls
}

/** In each call the phone hangs up as soon as it hears this. */
async function hearsAndHangsUp(calls: readonly IncomingCall[], hz: number): Promise<void> {
  const talks = calls.map(async (call) => {
    await call.established
    await call.media.rtp.receiver.hearing?.hears([hz], PATIENCE_MS)
    call.hangUp()
  })
  await Promise.all(talks)
}
