import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestServer } from '../support/server.js'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start()
})
afterAll(() => server.close())

/** The RTP port pairs that are taken. */
async function ports(): Promise<number | undefined> {
  return (await server.metric('reveille_media_ports_in_use')).get('')
}

async function untilPorts(wanted: number): Promise<void> {
  const end = Date.now() + 5_000
  while ((await ports()) !== wanted) {
    if (Date.now() > end) throw new Error(`${await ports()} port pairs are taken, not ${wanted}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('a caller that gives up frees its ports at once, although an INVITE to a silent phone is not over', async () => {
  // Its INVITE goes unanswered for half a minute, and cannot be cancelled before (RFC 3261 §9.1).
  const phone = await server.registeredPhone('alice')
  phone.onInvite({ ignore: true })
  const caller = await server.caller()
  const call = await caller.call('sip:+15551001@example.net')
  await call.provisional(183)
  await untilPorts(2)
  call.cancel()
  expect(await call.ended).toMatchObject({ how: 'cancelled', status: 487 })
  await untilPorts(0)
  expect((await server.metric('reveille_open_legs')).get('')).toBe(1)
})
