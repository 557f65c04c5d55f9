import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/adapters/system/clock.js'
import { createInvitations } from '../../src/invitation/service.js'
import { invitationRoutes } from '../../src/http/routes/invitations.js'
import { ChannelNode, openSite } from '../channel/support/node.js'
import { FakePush } from './support.js'

/** A node with invitations, whose pushes go to a service that takes them all. */
async function startNode(): Promise<{ node: ChannelNode; push: FakePush }> {
  const site = await openSite()
  const push = new FakePush()
  const node = await ChannelNode.start(site, {
    invitations: (hub) => {
      const invitations = createInvitations({
        ...{ store: site.store, bus: site.bus, clock: systemClock, log: hubLog },
        senders: new Map([['acme', push]]),
        api: () => 'https://calls.example.com',
        limits: { messages: 500, bytes: 2_000_000 },
        offer: (device, message, expiresAt) => hub.offer(device, message, expiresAt),
        mintInvitation: (claims) => site.tokens.mintInvitation(claims),
      })
      onTestFinished(() => invitations.close())
      return invitations
    },
    routes: (invitations) => invitationRoutes(invitations, site.store),
  })
  await node.device('b1', 'bob')
  await node.device('b2', 'bob')
  return { node, push }
}
const hubLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Headers
}

async function post(node: ChannelNode, path: string, token: string, body?: unknown): Promise<Answer> {
  const response = await node.get(path, token, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : {
          body: typeof body === 'string' ? body : JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer['body'],
  }
}

const DRAFT = { endpoints: [{ user: 'bob' }], connection: { offer: 1 } }

/** Tokens of the devices, as the pushes bring them. */
async function pushed(push: FakePush): Promise<Map<string, string>> {
  await expect.poll(() => push.sent.filter(({ kind }) => kind === 'invitation').length).toBe(2)
  return new Map(push.sent.map(({ device, payload }) => [device.id, String(payload['token'])]))
}

describe('invitations over HTTP', () => {
  it('go from an initiator that polls to devices that were pushed, and back', async () => {
    const { node, push } = await startNode()
    const token = await node.token()
    const made = await post(node, '/v1/invitations', token, { ...DRAFT, note: 'game?', expires: 30 })
    expect(made).toMatchObject({
      status: 201,
      body: { state: 'open', endpoints: [{ user: 'bob' }], invited: 2, devices: [], note: 'game?' },
    })
    const id = String(made.body['id'])
    expect(made.headers.get('location')).toBe(`/v1/invitations/${id}`)

    const tokens = await pushed(push)
    const seen = await (await node.get(`/v1/invitations/${id}`, tokens.get('b1') ?? '')).json()
    expect(seen).toMatchObject({
      id,
      initiator: 'alice',
      connection: { offer: 1 },
      device: { state: 'invited' },
    })
    const polled = node.get('/v1/client/messages?wait=25', token)
    expect(
      await post(node, `/v1/invitations/${id}/accept`, tokens.get('b1') ?? '', { connection: null }),
    ).toMatchObject({ status: 200, body: { state: 'open', device: { state: 'accepted' } } })
    expect(await (await polled).json()).toEqual({
      messages: [
        { seq: 1, type: 'invitation-accepted', invitation: id, device: 'b1', user: 'bob', connection: null },
      ],
      lost: 0,
    })
    expect(await post(node, `/v1/invitations/${id}/connect`, token, { devices: ['b1'] })).toMatchObject({
      status: 200,
      body: { state: 'connected', devices: [{ id: 'b1', state: 'connected', connection: null }] },
    })
    await expect.poll(() => push.kinds).toContain('b2 invitation-ended')
    expect(push.kinds).toContain('b1 invitation-connected')
    expect(await (await node.get(`/v1/invitations/${id}`, token)).json()).toMatchObject({
      state: 'connected',
    })
    const late = await post(node, `/v1/invitations/${id}/accept`, tokens.get('b2') ?? '', { connection: 2 })
    expect(late).toMatchObject({ status: 410, body: { type: '/problems/invitation-ended' } })
  })

  it('are answered where the initiator listens, though that is not as the device of its token', async () => {
    const { node, push } = await startNode()
    await node.device('a1')
    const grants = { invitations: true, presence: {} } as const
    const token = await node.token({ grants, deviceId: 'a1' })
    const { body } = await post(node, '/v1/invitations', token, DRAFT)
    const accept = `/v1/invitations/${String(body['id'])}/accept`
    await post(node, accept, (await pushed(push)).get('b1') ?? '', { connection: null })
    expect(await (await node.get('/v1/client/messages?wait=25', token)).json()).toMatchObject({
      messages: [{ type: 'invitation-accepted', device: 'b1' }],
    })
  })

  it('are declined with or without a reason, and cancelled', async () => {
    const { node, push } = await startNode()
    const token = await node.token()
    const { body } = await post(node, '/v1/invitations', token, DRAFT)
    const id = String(body['id'])
    const tokens = await pushed(push)
    const decline = `/v1/invitations/${id}/decline`
    expect((await post(node, decline, tokens.get('b1') ?? '', { reason: 'busy' })).status).toBe(200)
    expect((await post(node, decline, tokens.get('b1') ?? '')).status).toBe(200)
    expect(await post(node, `/v1/invitations/${id}/cancel`, token)).toMatchObject({
      status: 200,
      body: { state: 'cancelled', devices: [{ id: 'b1', state: 'declined', reason: 'busy' }] },
    })
    expect((await post(node, `/v1/invitations/${id}/cancel`, token)).status).toBe(200)
    expect((await post(node, decline, tokens.get('b2') ?? '')).status).toBe(410)
  })

  it('are for their own tokens only', async () => {
    const { node, push } = await startNode()
    const token = await node.token()
    const { body } = await post(node, '/v1/invitations', token, DRAFT)
    const id = String(body['id'])
    const [mine, other] = [(await pushed(push)).get('b1') ?? '', await node.token({ client: 'app-2' })]
    const refusals = [
      [`/v1/invitations/${id}/accept`, token, 401, 'token-invalid'],
      [`/v1/invitations/other/accept`, mine, 403, 'token-foreign'],
      [`/v1/invitations/${id}/cancel`, mine, 401, 'token-invalid'],
      [`/v1/invitations/${id}/cancel`, other, 403, 'token-foreign'],
      ['/v1/invitations/other/cancel', token, 404, 'invitation-not-found'],
      ['/v1/invitations', await node.token({ grants: { channel: true } }), 403, 'grant-missing'],
    ] as const
    for (const [path, given, status, type] of refusals) {
      expect(
        await post(node, path, given, path.endsWith('accept') ? { connection: 1 } : DRAFT),
        path,
      ).toMatchObject({
        status,
        body: { type: `/problems/${type}` },
      })
    }
    const bound = await node.token({ deviceId: 'a1' })
    expect(await post(node, '/v1/invitations', bound, { ...DRAFT, device: 'b1' })).toMatchObject({
      status: 403,
    })
  })

  it('say which field is wrong, and how much is too much', async () => {
    const { node } = await startNode()
    const token = await node.token()
    const deep = '['.repeat(5000) + ']'.repeat(5000)
    const wrong = [
      [{ ...DRAFT, endpoints: [] }, '#/endpoints'],
      [{ endpoints: [{ user: 'bob' }] }, '#/connection'],
      [`{"endpoints":[{"user":"bob"}],"connection":${deep}}`, '#/connection'],
      [{ ...DRAFT, expires: 601 }, '#/expires'],
      [{ ...DRAFT, to: 'bob' }, '#/to'],
    ] as const
    for (const [draft, pointer] of wrong) {
      const { status, body } = await post(node, '/v1/invitations', token, draft)
      expect(status, pointer).toBe(400)
      expect(body).toMatchObject({ errors: [{ pointer }] })
    }
    const large = { ...DRAFT, connection: 'x'.repeat(16 * 1024) }
    expect(await post(node, '/v1/invitations', token, large)).toMatchObject({ status: 413 })
    for (let open = 0; open < 20; open++) await post(node, '/v1/invitations', token, DRAFT)
    expect(await post(node, '/v1/invitations', token, DRAFT)).toMatchObject({ status: 429 })
  })
})

describe('invitations on channels', () => {
  it('reach a device that is there without a push, and the answer the initiator’s channel', async () => {
    const { node, push } = await startNode()
    const alice = await node.welcomed()
    const bob = async (deviceId: string) =>
      node.welcomed({ token: await node.token({ client: 'bobs', user: 'bob', deviceId }) })
    const [one, two] = [await bob('b1'), await bob('b2')]
    const { invitation } = await alice.ask({ type: 'invite', ...DRAFT })
    const { id } = invitation as { id: string }
    for (const device of [one, two]) {
      const told = await device.next('invitation')
      expect(told).toMatchObject({ seq: 1, invitation: id, initiator: 'alice', connection: { offer: 1 } })
      device.send({ type: 'ack', upTo: 1 })
    }
    one.send({ type: 'invitation-accept', ref: 1, invitation: id, connection: { answer: 1 } })
    expect(await one.next('result')).toMatchObject({
      ok: true,
      invitation: { device: { state: 'accepted' } },
    })
    expect(await alice.next('invitation-accepted')).toMatchObject({
      seq: 1,
      device: 'b1',
      connection: { answer: 1 },
    })
    alice.send({ type: 'invitation-connect', invitation: id, devices: ['b1'] })
    expect(await alice.next('result')).toMatchObject({ ok: true, invitation: { state: 'connected' } })
    expect(await one.next('invitation-connected')).toEqual({
      seq: 2,
      type: 'invitation-connected',
      invitation: id,
    })
    expect(await two.next('invitation-ended')).toMatchObject({ seq: 2, why: 'elsewhere' })
    for (const device of [one, two]) device.send({ type: 'ack', upTo: 2 })
    expect(push.sent).toEqual([])
  })

  it('lose no accept while the initiator’s channel is lost', async () => {
    const { node, push } = await startNode()
    const first = await node.welcomed()
    const { invitation } = await first.ask({ type: 'invite', ...DRAFT })
    const { id } = invitation as { id: string }
    first.websocket.terminate()
    const tokens = await pushed(push)
    for (const device of ['b1', 'b2']) {
      await post(node, `/v1/invitations/${id}/accept`, tokens.get(device) ?? '', { connection: device })
    }
    const second = await node.welcomed({ resume: 0 })
    expect(await second.next()).toMatchObject({ seq: 1, type: 'invitation-accepted', connection: 'b1' })
    expect(await second.next()).toMatchObject({ seq: 2, type: 'invitation-accepted', connection: 'b2' })
    second.send({ type: 'invitation-cancel', invitation: id })
    expect(await second.next('result')).toMatchObject({ ok: true, invitation: { state: 'cancelled' } })
  })

  it('are for clients that may invite', async () => {
    const { node } = await startNode()
    const client = await node.welcomed({ token: await node.token({ grants: { channel: true } }) })
    expect(await client.ask({ type: 'invite', ...DRAFT })).toMatchObject({
      problem: { type: '/problems/grant-missing' },
    })
    const nested = '['.repeat(5000) + ']'.repeat(5000)
    client.websocket.send(`{"type":"invitation-accept","invitation":"i","connection":${nested}}`)
    expect(await client.next('result')).toMatchObject({ problem: { type: '/problems/bad-request' } })
  })
})
