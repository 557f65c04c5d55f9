import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { playWakeCall } from '../../src/demo/index.js'
import { TestServer } from '../support/server.js'

describe.each(['udp', 'tcp'] as const)('over %s', (protocol) => {
  let server: TestServer

  beforeAll(async () => {
    server = await TestServer.start()
  })
  afterAll(async () => {
    await server.close()
  })

  test("a trunk's INVITE wakes a sleeping phone, and both sides hear each other", async () => {
    const phone = await server.sleepingPhone('token-1', 'alice', { protocol })
    const caller = await server.caller({ protocol })
    const report = await playWakeCall({
      caller,
      phone,
      push: server.push,
      token: 'token-1',
      uri: 'sip:+15551001@example.net',
    })
    expect(report.failure).toBeUndefined()
    expect(report.result).toBe('bridged')
    expect(report.rtp.callerReceived).toBeGreaterThanOrEqual(25)
    expect(report.rtp.phoneReceived).toBeGreaterThanOrEqual(25)
  })

  test('a registered phone is rung at once and not pushed', async () => {
    const phone = await server.phone('bob', { protocol })
    await phone.register({
      contactParams: { 'pn-provider': 'acme', 'pn-prid': 'token-2', 'pn-param': 'app' },
    })
    const caller = await server.caller({ protocol })
    const call = await caller.call('sip:+15551002@example.net')
    const incoming = await phone.nextCall()
    await call.answered()
    await incoming.established
    incoming.hangUp()
    await call.ended
    expect(server.push.pushesTo('token-2')).toEqual([])
  })
})
