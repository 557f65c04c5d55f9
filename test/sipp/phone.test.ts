import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Caller, OutgoingCall } from '../../src/demo/index.js'
import { describeWith } from '../clients/installed.js'
import { pushParams, TestServer } from '../support/server.js'
import { Sipp, type SippOptions } from './sipp.js'

/** What scripted callers send; SIPp sends it back. */
const CALLER_TONE = 1000
const ALICE = 'sip:+15551001@example.net'
const SPACING_MS = 100
/** Nothing takes so long, unless it never comes. */
const PATIENCE_MS = 20_000

describeWith('sipp', 'SIPp as the phone', () => {
  let server: TestServer
  let caller: Caller

  beforeAll(async () => {
    // Queued callers hear of it by 180 when the phone rings.
    server = await TestServer.start({ trunks: { carrier: { ringback: 'queued' } } })
    caller = await server.caller()
  })
  afterAll(async () => {
    await server.close()
  })

  describe.each(['udp', 'tcp'] as const)('over %s', { timeout: 60_000 }, (protocol) => {
    const running: Sipp[] = []

    afterEach(async () => {
      for (const sipp of running.splice(0)) await sipp.close()
    })

    async function sipp(options: Omit<SippOptions, 'server'>): Promise<Sipp> {
      const run = await Sipp.start({ ...options, server: server.address(options.protocol) })
      running.push(run)
      return run
    }

    /** Registers with digest, and takes so many calls by the scenario. */
    async function registered(incoming: string, calls: number, push = ''): Promise<Sipp> {
      const run = await sipp({
        scenario: 'phone-registers',
        protocol,
        incoming,
        keys: { push, expected: String(calls) },
      })
      await run.says('registered')
      return run
    }

    /** 10 calls a second. */
    async function call(count: number): Promise<OutgoingCall[]> {
      const calls: OutgoingCall[] = []
      while (calls.length < count) {
        if (calls.length > 0) await new Promise((resolve) => setTimeout(resolve, SPACING_MS))
        calls.push(await caller.call(ALICE))
      }
      return calls
    }

    /** SIPp unregistered when it had seen all of its calls end. */
    async function wentWell(run: Sipp): Promise<void> {
      await run.done()
      await server.quiet()
    }

    test('20 calls, 10 a second, are rung, answered and carried both ways', async () => {
      const run = await registered('phone-answers', 20)
      const calls = await call(20)
      await Promise.all(calls.map((one) => hearsItself(one)))
      for (const one of calls) one.hangUp()
      await wentWell(run)
    })

    test('10 callers hear that the phone hung up', async () => {
      const run = await registered('phone-hangs-up', 10)
      const endings = await Promise.all((await call(10)).map((one) => one.ended))
      expect(endings.map(({ how, by }) => `${how} by ${by}`)).toEqual(Array(10).fill('bye by them'))
      await wentWell(run)
    })

    test('10 callers get the 486 of a phone that declines', async () => {
      const run = await registered('phone-declines', 10)
      const outcomes = await Promise.all((await call(10)).map((one) => one.outcome))
      expect(outcomes.map((one) => one.kind === 'failed' && one.status)).toEqual(Array(10).fill(486))
      await wentWell(run)
    })

    test('10 callers give up while the phone rings, and it is told', async () => {
      const run = await registered('phone-is-cancelled', 10)
      const calls = await call(10)
      await Promise.all(calls.map((one) => one.provisional(180, PATIENCE_MS)))
      for (const one of calls) one.cancel()
      const outcomes = await Promise.all(calls.map((one) => one.outcome))
      expect(outcomes.map(({ kind }) => kind)).toEqual(Array(10).fill('cancelled'))
      await wentWell(run)
    })

    test('a push wakes the phone: a new process registers and takes the call', async () => {
      const token = `woken-${protocol}`
      const push = Object.entries(pushParams(token))
        .map(([name, value]) => `;${name}=${value}`)
        .join('')
      // On a connection, so that the server knows that it sleeps: an INVITE to a UDP port that is closed lasts for 32 s.
      const enrolled = await sipp({ scenario: 'phone-enrols', protocol: 'tcp', keys: { push } })
      await enrolled.done()
      const [one] = await call(1)
      await server.push.nextDelivery(token, PATIENCE_MS)
      const run = await registered('phone-answers', 1, push)
      if (one === undefined) throw new Error('no call was made')
      await hearsItself(one)
      one.hangUp()
      await wentWell(run)
    })
  })
})

/** Its own sound comes back from the phone. */
async function hearsItself(call: OutgoingCall): Promise<void> {
  await call.answered()
  await call.media.rtp.receiver.hearing?.hears([CALLER_TONE], PATIENCE_MS)
}
