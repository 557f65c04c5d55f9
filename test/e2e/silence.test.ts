import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestServer, users } from '../support/server.js'

// In a file of its own: two servers on one drachtio server would get each other's requests.
let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({ media: { timeout: '5s' }, users: users(['ada']) })
})
afterAll(() => server.close())

test('a call in which both sides fall silent is ended, and both are told', async () => {
  const phone = await server.phone('ada')
  await phone.register()
  const caller = await server.caller()
  const call = await caller.call('sip:ada@example.net')
  const incoming = await phone.nextCall()
  await call.answered()
  await incoming.established
  for (const { media } of [call, incoming]) {
    await media.rtp.receiver.until('10 packets', ({ packets }) => packets >= 10)
  }
  call.media.rtp.stopSending()
  incoming.media.rtp.stopSending()
  const reason = 'SIP;cause=200;text="Media timeout"'
  expect(await call.ended).toMatchObject({ how: 'bye', by: 'them', reason })
  expect(await incoming.ended).toMatchObject({ how: 'bye', by: 'them', reason })
  await server.quiet()
}, 60_000)
