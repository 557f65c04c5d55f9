import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { TestServer } from '../../support/server.js'
import { sipIdentity } from '../../support/sip/identity.js'
import type { JssipPhone, OpenPhone } from './phone.js'

const HOST = '127.0.0.1'
const CERTIFICATE = { 'cert-file': sipIdentity.cert, 'key-file': sipIdentity.key }
const ALICE = 'sip:+15551001@example.net'

// Real engines have transports and media of their own.
const realEngines = process.env['REVEILLE_TEST_DRACHTIO'] ?? process.env['REVEILLE_TEST_FREESWITCH']

/**
 * What a phone on JsSIP does with a whole server, over WebSocket with TLS and without.
 * @param media whether it can take a session description
 */
export function jssipSuite(open: OpenPhone, { media }: { media: boolean }): void {
  describe.skipIf(realEngines).each(['ws', 'wss'] as const)('over %s', (protocol) => {
    let server: TestServer
    const phones: JssipPhone[] = []

    beforeAll(async () => {
      server = await TestServer.start({
        sip: {
          listen: [
            { protocol: 'udp', host: HOST, port: 0 },
            { protocol, host: HOST, port: 0, ...(protocol === 'wss' && CERTIFICATE) },
          ],
          registration: { 'min-expires': '10s' },
        },
      })
    })
    afterAll(() => server.close())
    afterEach(async () => {
      for (const phone of phones.splice(0)) await phone.close()
      await server.quiet()
    })

    function acceptedRegisters(): number {
      return server.logged.filter(({ msg }) => msg === 'REGISTER accepted').length
    }

    async function phone(
      password = 'secret',
      expires = 600,
      more: { voice?: 'opus' } = {},
    ): Promise<JssipPhone> {
      const account = { user: 'alice', domain: 'example.net', password, expires, ...more }
      const opened = await open(protocol, server.address(protocol), account)
      phones.push(opened)
      return opened
    }

    async function registered(): Promise<JssipPhone> {
      const opened = await phone()
      await opened.event('registered')
      return opened
    }

    test('it registers with its password, stays registered, and unregisters', async () => {
      const before = acceptedRegisters()
      // JsSIP registers again five seconds before the end, and says nothing of it.
      const short = await phone('secret', 10)
      await short.event('registered')
      await vi.waitUntil(() => acceptedRegisters() >= before + 2, { timeout: 10_000, interval: 20 })
      await short.unregister()
      await short.event('unregistered')
      const call = await (await server.caller()).call(ALICE)
      expect(await call.outcome).toMatchObject({ kind: 'failed', status: 480 })
    })

    test('it does not register with a wrong password', async () => {
      const stranger = await phone('wrong')
      const { status } = await stranger.event('registrationFailed')
      expect([401, 403]).toContain(status)
    })

    test('it rings, and hears that the caller gave up', async () => {
      const alice = await registered()
      const call = await (await server.caller()).call(ALICE)
      expect(await alice.event('incoming')).toMatchObject({ user: '+15550000' })
      call.cancel()
      expect(await call.outcome).toMatchObject({ kind: 'cancelled' })
      expect(await alice.event('failed')).toMatchObject({ cause: 'Canceled' })
    })

    test('it declines a call, and the caller hears so', async () => {
      const alice = await registered()
      const call = await (await server.caller()).call(ALICE)
      await alice.event('incoming')
      await alice.terminate(486)
      expect(await call.outcome).toMatchObject({ kind: 'failed', status: 486 })
    })

    test('it calls with Opus alone someone who has none, and is told so by 488', async () => {
      const alice = await phone('secret', 600, { voice: 'opus' })
      await alice.event('registered')
      await server.registeredPhone('bob')
      await alice.call('sip:bob@example.net')
      const failed = await alice.event('failed')
      expect(failed).toMatchObject({ cause: 'Incompatible SDP', status: 488 })
      expect(failed.why).toContain('cause=488')
    })

    test.skipIf(media)('it takes a call that it cannot serve, and the caller hears so', async () => {
      const alice = await registered()
      const call = await (await server.caller()).call(ALICE)
      await alice.event('incoming')
      await alice.answer()
      await alice.event('failed')
      expect(await call.outcome).toMatchObject({ kind: 'failed', status: 488 })
    })
  })
}
