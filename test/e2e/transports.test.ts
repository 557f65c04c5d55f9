import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { playWakeCall, type Phone } from '../../src/demo/index.js'
import { engines } from '../support/engines.js'
import { pushParams, TestServer, users } from '../support/server.js'
import { sipIdentity } from '../support/sip/identity.js'
import { openSecureTransport } from '../support/sip/secure-transport.js'

const HOST = '127.0.0.1'
const TRANSPORTS = ['tls', 'ws', 'wss'] as const
const CERTIFICATE = { 'cert-file': sipIdentity.cert, 'key-file': sipIdentity.key }

// A drachtio server of somebody else's listens where it was told to.
describe.skipIf(engines.drachtio).each(TRANSPORTS)('over %s', (protocol) => {
  let server: TestServer

  beforeAll(async () => {
    server = await TestServer.start({
      users: users(['cleo', 'dan', 'eve']),
      sip: {
        listen: [
          { protocol: 'udp', host: HOST, port: 0 },
          { protocol, host: HOST, port: 0, ...(protocol === 'ws' ? {} : CERTIFICATE) },
        ],
      },
    })
  })
  afterAll(() => server.close())
  afterEach(() => server.quiet())

  function phone(user: string): Promise<Phone> {
    return server.phone(user, { protocol, openTransport: openSecureTransport })
  }

  test('a sleeping phone is woken, registers, and both sides hear each other', async () => {
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
    // TLS before all others; WebSocket only where there is nothing else.
    const edge = protocol === 'tls' ? 'tls' : 'udp'
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
