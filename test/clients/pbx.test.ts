import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import {
  type Address,
  type Caller,
  header,
  headerList,
  isRequest,
  isResponse,
  playWakeCall,
  type WakeCallReport,
} from '../../src/demo/index.js'
import { TestServer } from '../support/server.js'
import { freePorts } from './free-ports.js'
import { describeWith } from './installed.js'
import { Freeswitch } from './pbx/freeswitch.js'
import { Kamailio } from './pbx/kamailio.js'
import { authority } from './pbx/place.js'

const NUMBER = '+15551001'
/** FreeSWITCH makes itself certificates first. */
const START_MS = 60_000
const ENDED_BY = ['caller', 'phone'] as const
/** Over TCP the server knows at once that a phone is asleep: nothing is sent to it in vain. */
const TCP = { protocol: 'tcp' } as const

/** What the PBX is between; `address` is where its own side calls out, and takes what Reveille sends on. */
async function serverBehind(address: Address): Promise<TestServer> {
  return await TestServer.start({
    trunks: { carrier: { proxy: `sip:${authority(address)}` } },
    users: {
      bob: { ring: '1s', 'no-answer': { uri: `sip:7001@${authority(address)}`, trunk: 'carrier' } },
    },
  })
}

/** A caller of the PBX wakes alice's phone. */
async function wakes(
  server: TestServer,
  caller: Caller,
  endedBy: 'caller' | 'phone',
): Promise<WakeCallReport> {
  const token = `${caller.options.user}-${endedBy}`
  const phone = await server.sleepingPhone(token, 'alice', TCP)
  const players = { caller, phone, push: server.push, token, uri: `sip:${NUMBER}@example.net` }
  // Time for some ringback.
  const report = await playWakeCall(players, { endedBy, wakeAfterMs: 300 })
  await phone.wake()
  await phone.unregister()
  return report
}

/** The caller gives up while the phone still sleeps. */
async function givesUp(server: TestServer, caller: Caller): Promise<void> {
  const token = `${caller.options.user}-cancels`
  const phone = await server.sleepingPhone(token, 'alice', TCP)
  const call = await caller.call(`sip:${NUMBER}@example.net`)
  await server.push.nextDelivery(token)
  await call.provisional('with-sdp')
  call.cancel()
  expect(await call.outcome).toMatchObject({ kind: 'cancelled' })
  await server.quiet()
  await phone.wake()
  await phone.unregister()
  expect(phone.log.entries.filter(({ message }) => isRequest('INVITE')(message))).toEqual([])
}

/** Bob's phone stays asleep, and the desk phone of the PBX gets the call. */
async function goesOnToTheDesk(server: TestServer, caller: Caller, desk: Caller): Promise<void> {
  desk.onInvite({ answerAfterMs: 20 })
  await server.sleepingPhone(`${caller.options.user}-desk`, 'bob', TCP)
  const call = await caller.call('sip:+15551002@example.net')
  const ringing = await desk.nextCall()
  await call.answered()
  await ringing.established
  call.hangUp()
  await Promise.all([call.ended, ringing.ended])
  await server.quiet()
}

describeWith('kamailio', 'the example of Kamailio', () => {
  let server: TestServer
  let kamailio: Kamailio
  let address: Address
  /** Stands in for the PBX behind Kamailio. */
  let desk: Caller

  beforeAll(async () => {
    address = { host: '127.0.0.1', port: await freePorts(1) }
    server = await serverBehind(address)
    desk = await server.caller({ user: '7001' })
    const dead: Address = { host: '127.0.0.1', port: await freePorts(1) }
    kamailio = await Kamailio.start({ address, nodes: [dead, server.address()], pbx: desk.peer.local })
  })
  afterAll(async () => {
    await kamailio?.close()
    await server?.close()
  })

  // Of two calls in a row one is for the node that is dead, and goes on to the other.
  test.each(ENDED_BY)(
    'a node that lives gets the call and wakes the phone, and Kamailio stays on its way until the %s hangs up',
    async (endedBy) => {
      onTestFailed(() => console.error(kamailio.output))
      const caller = await server.caller({ proxy: address })
      const report = await wakes(server, caller, endedBy)
      expect(report.failure).toBeUndefined()
      expect(report.result).toBe('bridged')
      expect(report.callerHeard.waiting).toContain('440')
      const answer = await caller.peer.log.expect(isResponse(200, 'INVITE'))
      expect(headerList(answer, 'Record-Route')[0]).toContain(authority(address))
      const ports = caller.peer.log.entries.map(({ remote }) => remote.port)
      expect(new Set(ports)).toEqual(new Set([address.port]))
      await server.quiet()
    },
  )

  test('a caller that gives up is answered with 487, and the phone is never rung', async () => {
    await givesUp(server, await server.caller({ proxy: address }))
  })

  test('a number that is no mobile user’s goes to the PBX', async () => {
    desk.onInvite({ answerAfterMs: 20 })
    const caller = await server.caller({ proxy: address })
    const call = await caller.call('sip:7001@example.net')
    const ringing = await desk.nextCall()
    await call.answered()
    await ringing.established
    call.hangUp()
    await ringing.ended
  })

  test('a call that nobody answers goes on to the desk phone', async () => {
    await goesOnToTheDesk(server, await server.caller({ proxy: address }), desk)
  })
})

describeWith('freeswitch', 'the example of FreeSWITCH', () => {
  let server: TestServer
  let freeswitch: Freeswitch
  let desk: Caller

  beforeAll(async () => {
    const external: Address = { host: '127.0.0.1', port: await freePorts(1) }
    server = await serverBehind(external)
    desk = await server.caller({ user: '7001' })
    freeswitch = await Freeswitch.start({ external, reveille: server.address(), phone: desk.peer.local })
  }, START_MS)
  afterAll(async () => {
    await freeswitch?.close()
    await server?.close()
  })

  const extension = (): Promise<Caller> => server.caller({ user: '7005', proxy: freeswitch.internal })

  test.each(ENDED_BY)(
    'an extension that calls a mobile number hears ringback and wakes the phone; the %s hangs up',
    async (endedBy) => {
      onTestFailed(() => console.error(freeswitch.output))
      const caller = await extension()
      const report = await wakes(server, caller, endedBy)
      expect(report.failure).toBeUndefined()
      expect(report.result).toBe('bridged')
      expect(report.callerHeard.waiting).toContain('440')
      await server.quiet()
    },
  )

  test('the phone is shown the number of the extension', async () => {
    onTestFailed(() => console.error(freeswitch.output))
    const phone = await server.phone('alice')
    await phone.register()
    const caller = await extension()
    const call = await caller.call(`sip:${NUMBER}@example.net`)
    const ringing = await phone.nextCall()
    await call.answered()
    expect(header(ringing.invite, 'From')).toContain('sip:7005@')
    expect(header(ringing.invite, 'P-Asserted-Identity')).toContain('sip:7005@')
    call.hangUp()
    await ringing.ended
    await phone.unregister()
  })

  test('an extension that gives up is answered with 487, and the phone is never rung', async () => {
    onTestFailed(() => console.error(freeswitch.output))
    await givesUp(server, await extension())
  })

  test('a call that nobody answers goes on to the desk phone', async () => {
    onTestFailed(() => console.error(freeswitch.output))
    await goesOnToTheDesk(server, await extension(), desk)
  })
})
