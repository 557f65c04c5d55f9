import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CallApi, type MediaSession } from '../../src/demo/index.js'
import { TestServer, users } from '../support/server.js'

let server: TestServer
let api: CallApi

beforeAll(async () => {
  server = await TestServer.start({
    trunks: { carrier: { accept: 'answer' } },
    users: { ...users(['ada', 'cleo', 'dan']), ...users(['ben'], { 'second-response': '1s' }) },
  })
  api = new CallApi(server.server.http)
})
afterAll(async () => {
  api.close()
  await server.close()
})
afterEach(() => server.quiet())

async function accepted(user: string, sdp?: 'none') {
  const phone = await server.sleepingPhone(`token-${user}`, user, { protocol: 'tcp' })
  const caller = await server.caller()
  const outgoing = await caller.call(`sip:${user}@example.net`, sdp === undefined ? {} : { sdp })
  const { payload } = await server.push.nextDelivery(`token-${user}`)
  const [id, token] = [String(payload['callId']), String(payload['token'])]
  expect((await api.accept(id, token)).status).toBe(200)
  return { phone, outgoing, id, token }
}

async function hears(side: MediaSession): Promise<void> {
  const before = side.rtp.received.packets
  await expect.poll(() => side.rtp.received.packets, { timeout: 5_000 }).toBeGreaterThan(before + 10)
}

describe('a caller whose trunk has it answered as soon as somebody accepts', () => {
  test('gets its 200 and comfort audio then, and is joined when the device is there', async () => {
    const { phone, outgoing, id, token } = await accepted('ada')
    await outgoing.answered()
    await hears(outgoing.media)
    expect(await api.view(id, token)).toMatchObject({ body: { state: 'accepted' } })
    await phone.wake({ headers: { Authorization: `Bearer ${token}` } })
    const incoming = await phone.nextCall()
    await incoming.established
    await hears(incoming.media)
    await hears(outgoing.media)
    incoming.hangUp()
    expect(await outgoing.ended).toMatchObject({ how: 'bye', by: 'them' })
  })

  test('and that sent no offer is joined all the same', async () => {
    const { phone, outgoing, token } = await accepted('cleo', 'none')
    await outgoing.answered()
    await phone.wake({ headers: { Authorization: `Bearer ${token}` } })
    const incoming = await phone.nextCall()
    await incoming.established
    await hears(incoming.media)
    await hears(outgoing.media)
    outgoing.hangUp()
    await incoming.ended
  })

  test('is hung up with the reason where the device never comes', async () => {
    const { outgoing, id, token } = await accepted('ben')
    await outgoing.answered()
    expect(await outgoing.ended).toMatchObject({
      how: 'bye',
      by: 'them',
      reason: expect.stringMatching(/^SIP;cause=480/) as string,
    })
    expect(await api.view(id, token)).toMatchObject({ body: { ending: { cause: 'no-second-response' } } })
  })

  test('may hang up while the device is awaited, which is then told so', async () => {
    const { outgoing, id, token } = await accepted('dan')
    await outgoing.answered()
    outgoing.hangUp()
    await outgoing.ended
    const { payload } = await server.push.nextDelivery('token-dan')
    expect(payload).toMatchObject({ kind: 'ended', callId: id })
    expect(await api.view(id, token)).toMatchObject({ body: { ending: { cause: 'hung-up', by: 'caller' } } })
  })
})
