import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { playWakeCall, type Phone, type SipRequest } from '../../src/demo/index.js'
import { describeOver } from '../support/listening.js'
import { pushParams, TestServer, users } from '../support/server.js'
import { openSecureTransport } from '../support/sip/secure-transport.js'
import { webrtcAnswer } from './webrtc-answer.js'

/** Best first, as the push is to name them. */
const EDGES = ['tls', 'tcp', 'udp', 'wss', 'ws']

for (const protocol of ['tls', 'ws', 'wss'] as const) {
  await describeOver(protocol, `over ${protocol}`, (sip) => {
    let server: TestServer
    /** What is on a WebSocket is offered WebRTC: these phones describe it, and have no media then. */
    const silent = protocol !== 'tls'

    beforeAll(async () => {
      server = await TestServer.start({
        users: users(['cleo', 'dan', 'eve'], { outgoing: { to: ['user:*'] } }),
        sip,
      })
    })
    afterAll(() => server.close())
    afterEach(() => server.quiet())

    async function phone(user: string): Promise<Phone> {
      const opened = await server.phone(user, { protocol, openTransport: openSecureTransport })
      opened.onInvite(answering(20))
      return opened
    }

    function answering(answerAfterMs: number) {
      return ({ body }: SipRequest) => ({ answerAfterMs, ...(silent && { sdp: webrtcAnswer(body) }) })
    }

    // Whether a browser is heard: webrtc.test.ts.
    test.skipIf(silent)('a sleeping phone is woken, registers, and both sides hear each other', async () => {
      const token = `asleep-${protocol}`
      const alice = await phone('alice')
      expect((await alice.register({ contactParams: pushParams(token) })).status).toBe(200)
      await alice.sleep()
      const report = await playWakeCall({
        caller: await server.caller(),
        phone: alice,
        push: server.push,
        token,
        uri: 'sip:+15551001@example.net',
      })
      expect(report.failure).toBeUndefined()
      expect(report.result).toBe('bridged')
      expect(report.rtp.callerReceived).toBeGreaterThanOrEqual(25)
      expect(report.rtp.phoneReceived).toBeGreaterThanOrEqual(25)
    })

    test('a registered phone is called over its connection, and its caller hangs up', async () => {
      const bob = await phone('bob')
      await bob.register()
      const caller = await server.caller()
      const call = await caller.call('sip:+15551002@example.net')
      const incoming = await bob.nextCall()
      await call.answered()
      await incoming.established
      const registered = server.logged.findLast(({ msg }) => msg === 'REGISTER accepted')
      expect(registered).toMatchObject({ source: { protocol } })
      call.hangUp()
      expect(await incoming.ended).toMatchObject({ how: 'bye', by: 'them' })
      await bob.unregister()
    })

    test('a phone calls another one, is hung up on, and a caller who gives up is heard of', async () => {
      const [cleo, dan] = [await phone('cleo'), await phone('dan')]
      await cleo.register()
      await dan.register()
      const call = await cleo.call('sip:dan@example.net')
      const incoming = await dan.nextCall()
      await call.answered()
      await incoming.established
      incoming.hangUp()
      expect(await call.ended).toMatchObject({ how: 'bye', by: 'them' })
      dan.onInvite({})
      const second = await cleo.call('sip:dan@example.net')
      const ringing = await dan.nextCall()
      second.cancel()
      expect(await second.outcome).toMatchObject({ kind: 'cancelled' })
      expect(await ringing.ended).toMatchObject({ how: 'cancelled' })
      await cleo.unregister()
      await dan.unregister()
    })

    test('the push names where this server is reached best, and the phone is called there', async () => {
      const token = `edge-${protocol}`
      const eve = await phone('eve')
      await eve.register({ contactParams: pushParams(token) })
      await eve.sleep()
      const call = await (await server.caller()).call('sip:eve@example.net')
      const push = await server.push.nextDelivery(token)
      const listening = server.server.sip.map((point) => point.protocol)
      const edge = EDGES.find((each) => listening.includes(each)) ?? ''
      const { host, port } = server.address(edge)
      expect(push.payload).toMatchObject({ edge: `sip:${host}:${port};transport=${edge}` })
      // The INVITE waited for the REGISTER: there was no connection to send it on.
      await eve.wake()
      const incoming = await eve.nextCall()
      await call.answered()
      await incoming.established
      incoming.hangUp()
      await call.ended
      await eve.unregister()
    })
  })
}
