import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/adapters/system/clock.js'
import { loadTokenKeys } from '../../src/clients/tokens/keys.js'
import { createTokens } from '../../src/clients/tokens/tokens.js'
import { TestClient } from '../channel/support/client.js'
import { TestServer } from '../support/server.js'

const SECRET = 'a secret of thirty-two characters and more'

/** 2100, in microseconds. */
const FAR = Date.UTC(2100, 0, 1) * 1000

interface Site {
  readonly server: TestServer
  /** A token of alice's app. */
  readonly token: string
  readonly device: string
}

/** A server, and a phone of alice's that sleeps and can be pushed. */
async function start(): Promise<Site> {
  const keys = [{ id: 'k', algorithm: 'HS256', secret: SECRET } as const]
  const server = await TestServer.start({ tokens: { keys } })
  onTestFinished(() => server.close())
  const tokens = createTokens({
    keys: await loadTokenKeys(keys, () => Promise.reject(new Error('the keys are configured'))),
    clock: systemClock,
  })
  await server.sleepingPhone('token-alice', 'alice', { protocol: 'tcp' })
  const { devices } = await server.json<{ devices: { id: string }[] }>('/v1/admin/devices')
  const device = devices[0]?.id ?? ''
  const token = await tokens.mintClient({
    ...{ client: 'app', user: 'alice', deviceId: device, expiresAt: FAR },
    grants: { channel: true, invitations: true },
  })
  return { server, token, device }
}

async function openChannel({ server, token }: Site, resume?: number): Promise<TestClient> {
  const client = await TestClient.connect(server.url)
  client.send({ type: 'hello', token, ...(resume === undefined ? {} : { resume }) })
  await client.next('welcome')
  return client
}

let site: Site
afterEach(() => site.server.quiet())

describe('an app that has its channel open', () => {
  test('gets the call there, and no push once it says that it has it', async () => {
    site = await start()
    const app = await openChannel(site)
    const outgoing = await (await site.server.caller()).call('sip:alice@example.net')
    const call = await app.next('incoming-call')
    app.send({ type: 'ack', upTo: call.seq })
    expect(call).toMatchObject({ seq: 1, caller: '+15550000', callee: 'alice' })
    expect(await app.ask({ type: 'accept', ref: 1, callId: call['callId'] })).toMatchObject({
      ok: true,
      call: { id: call['callId'], state: 'accepted' },
    })
    const phone = await site.server.phone('alice', { protocol: 'tcp' })
    const own = await phone.call(`sip:${String(call['callId'])}@example.net`, {
      headers: { Authorization: `Bearer ${String(call['token'])}` },
    })
    await own.answered()
    await outgoing.answered()
    expect(await app.ask({ type: 'hangup', callId: call['callId'] })).toMatchObject({ ok: true })
    await outgoing.ended
    expect(site.server.push.pushes).toEqual([])
  })

  test('declines there, and the caller is told', async () => {
    site = await start()
    const app = await openChannel(site)
    const outgoing = await (await site.server.caller()).call('sip:alice@example.net')
    const call = await app.next('incoming-call')
    app.send({ type: 'ack', upTo: call.seq })
    expect(await app.ask({ type: 'decline', callId: call['callId'], reason: 'busy' })).toMatchObject({
      ok: true,
    })
    expect(await outgoing.outcome).toMatchObject({ kind: 'failed', status: 486 })
  })

  test('learns that the caller gave up, also where its channel was lost in between', async () => {
    site = await start()
    const app = await openChannel(site)
    const outgoing = await (await site.server.caller()).call('sip:alice@example.net')
    const call = await app.next('incoming-call')
    app.send({ type: 'ack', upTo: call.seq })
    app.websocket.terminate()
    outgoing.cancel()
    await outgoing.outcome
    const back = await openChannel(site, call.seq)
    const { callId } = call
    expect(await back.next('ended')).toMatchObject({ callId })
  })

  test('that says nothing is pushed all the same', async () => {
    site = await start()
    const app = await openChannel(site)
    const outgoing = await (await site.server.caller()).call('sip:alice@example.net')
    const call = await app.next('incoming-call')
    const { payload } = await site.server.push.nextDelivery('token-alice')
    expect(payload).toMatchObject({ kind: 'call', callId: call['callId'] })
    outgoing.cancel()
    await outgoing.outcome
  })
})

test('messages to an app outlive the server', async () => {
  site = await start()
  const app = await openChannel(site)
  const { server, token } = site
  const invite = await fetch(`${server.url}/v1/invitations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ endpoints: [{ user: 'nobody' }], connection: 1 }),
  })
  expect(invite.status).toBe(201)
  expect(await app.next('invitation-ended')).toMatchObject({ seq: 1, why: 'unreachable' })
  await server.restart()
  expect((await app.closed).code).toBe(4009)
  const back = await openChannel(site)
  expect(await back.next('invitation-ended')).toMatchObject({ seq: 1, why: 'unreachable' })
})
