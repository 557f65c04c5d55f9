import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import type { Grants } from '../../src/clients/tokens/claims.js'
import { FakeStore } from '../support/fake-store.js'
import { ChannelNode, FAR, openSite } from './support/node.js'
import { view } from './support/fake-calls.js'

async function startNode(...[options]: [Parameters<typeof ChannelNode.start>[1]?]): Promise<ChannelNode> {
  return ChannelNode.start(await openSite(), options)
}

describe('a client says hello', () => {
  it('and is told who it is, and what waits for it', async () => {
    const node = await startNode()
    await node.tell(1)
    const client = await node.client()
    client.send({ type: 'hello', token: await node.token() })
    expect(await client.next()).toEqual({ type: 'welcome', client: 'app-1', last: 1, from: 0, lost: 0 })
    expect(await client.next()).toEqual({ seq: 1, type: 'test', n: 1 })
  })

  it('for a device of its user, or is not let in', async () => {
    const node = await startNode()
    await node.device('d1')
    await node.device('d2', 'bob')
    const client = await node.client()
    client.send({ type: 'hello', token: await node.token(), device: 'd1' })
    expect(await client.next()).toMatchObject({ type: 'welcome', device: 'd1' })
    for (const device of ['d2', 'nothing']) {
      const other = await node.client()
      other.send({ type: 'hello', token: await node.token(), device })
      expect(await other.closed).toEqual({ code: 4004, reason: 'not-allowed' })
    }
    const bound = await node.client()
    bound.send({ type: 'hello', token: await node.token({ deviceId: 'd1' }), device: 'd2' })
    expect((await bound.closed).code).toBe(4004)
  })

  it('and how its device is to get calls', async () => {
    const node = await startNode()
    await node.device('d1')
    const says = async (delivery?: string): Promise<boolean> => {
      const client = await node.client()
      client.send({ type: 'hello', token: await node.token(), device: 'd1', delivery })
      await client.next('welcome')
      return (await node.site.store.device('d1'))?.callsIn === true
    }
    expect([await says(), await says('call-in'), await says(), await says('invite')]).toEqual([
      ...[false, true, true, false],
    ])
  })

  it.each([
    ['a token that was altered', 4002, async (node: ChannelNode) => `${await node.token()}x`],
    ['a token that is none', 4002, () => Promise.resolve('nothing')],
    ['an expired token', 4003, (node: ChannelNode) => node.token({ expiresAt: 1_000_000 })],
    ['a token without the grant', 4004, (node: ChannelNode) => node.token({ grants: { devices: true } })],
    [
      'a call token',
      4002,
      (node: ChannelNode) =>
        node.site.tokens.mintCall({ callId: 'c1', deviceId: 'd1', user: 'alice', expiresAt: FAR }),
    ],
  ])('with %s and is closed with its own code', async (_what, code, token) => {
    const node = await startNode()
    const client = await node.client()
    client.send({ type: 'hello', token: await token(node) })
    expect((await client.closed).code).toBe(code)
    expect(node.hub.gauges).toEqual({ channels: 0, greeting: 0, polls: 0 })
  })

  it('with a token that does not grant it, and is told what is missing', async () => {
    const node = await startNode()
    await node.device('d2', 'bob')
    const refused = async (hello: object) => {
      const client = await node.client()
      client.send({ type: 'hello', ref: 7, ...hello })
      const told = await client.next('result')
      expect((await client.closed).code).toBe(4004)
      return told
    }
    expect(await refused({ token: await node.token({ grants: { devices: true } }) })).toEqual({
      ...{ type: 'result', ref: 7, ok: false },
      problem: {
        type: '/problems/grant-missing',
        detail: 'The token does not grant channel or incoming or outgoing or presence.',
      },
    })
    expect(await refused({ token: await node.token(), device: 'd2' })).toMatchObject({
      problem: { type: '/problems/token-foreign' },
    })
  })

  it.each<{ grants: Grants }>([
    { grants: { channel: true } },
    { grants: { incoming: true } },
    { grants: { outgoing: { to: [] } } },
    { grants: { presence: {} } },
  ])('with what is of no use without a channel: %j', async (more) => {
    const node = await startNode()
    await node.welcomed({ token: await node.token(more) })
  })

  it.each<{ grants: Grants }>([{ grants: { outgoing: { to: ['*'] } } }, { grants: { presence: {} } }])(
    'for a device, which its token does not grant: $grants, and is told what is missing',
    async ({ grants }) => {
      const node = await startNode()
      await node.device('d1')
      for (const [bound, hello] of [
        [{}, { device: 'd1' }],
        [{ deviceId: 'd1' }, { device: 'd1' }],
        [{ deviceId: 'd1' }, { delivery: 'call-in' }],
      ]) {
        const client = await node.client()
        client.send({ type: 'hello', token: await node.token({ grants, ...bound }), ...hello })
        expect((await client.next('result'))['problem']).toEqual({
          type: '/problems/grant-missing',
          detail: 'For a device the token must grant channel or incoming.',
        })
        expect((await client.closed).code).toBe(4004)
      }
      expect((await node.site.store.device('d1'))?.callsIn ?? false).toBe(false)
    },
  )

  it('with a token that was revoked, and is closed', async () => {
    const node = await startNode()
    await node.site.revocations.revokeClient('app-1')
    const client = await node.client()
    client.send({ type: 'hello', token: await node.token({ client: 'app-2' }) })
    await client.next('welcome')
    const revoked = await node.client()
    const jti = 'one-of-many'
    const token = await node.token({ client: 'app-3', jti })
    await node.site.revocations.revokeToken(jti)
    revoked.send({ type: 'hello', token })
    expect((await revoked.next('result'))['problem']).toEqual({
      ...{ type: '/problems/token-invalid', detail: 'The token was revoked.' },
    })
    expect((await revoked.closed).code).toBe(4002)
  })

  it('too late, or not at first, or in no JSON, and is closed', async () => {
    const hasty = await startNode({ limits: { helloMs: 30 } })
    expect((await (await hasty.client()).closed).code).toBe(4001)
    const node = await startNode()
    for (const text of ['{"type":"ping"}', 'hello', '[]', '"hello"']) {
      const client = await node.client()
      client.websocket.send(text)
      expect((await client.closed).code).toBe(4000)
    }
    const binary = await node.client()
    binary.websocket.send(Buffer.from('{"type":"hello","token":"x"}'))
    expect((await binary.closed).code).toBe(4000)
  })

  it('while the database is away, and is sent away for a while', async () => {
    const node = await startNode()
    failing(node).failWhile((method) => method === 'greet')
    const client = await node.client()
    client.send({ type: 'hello', token: await node.token() })
    expect((await client.closed).code).toBe(4010)
  })

  it('again with a newer token, and stays beyond the expiry of the first', async () => {
    const node = await startNode()
    const soon = Math.ceil(Date.now() / 1000 + 1) * 1_000_000
    const client = await node.welcomed({ token: await node.token({ expiresAt: soon }) })
    client.send({ type: 'hello', token: await node.token() })
    await client.next('welcome')
    const lapsing = await node.welcomed({ token: await node.token({ client: 'app-2', expiresAt: soon }) })
    expect((await lapsing.closed).code).toBe(4003)
    expect((await askPing(client)).type).toBe('pong')
    client.send({ type: 'hello', token: await node.token({ client: 'app-3' }) })
    expect((await client.closed).code).toBe(4004)
  })

  it('and stays until its token is revoked, by itself or with all of the client', async () => {
    const node = await startNode()
    const { revocations } = node.site
    const [renewed, other] = [
      await node.welcomed(),
      await node.welcomed({ token: await node.token({ client: 'app-2' }) }),
    ]
    const first = await node.token({ jti: 'first' })
    for (const token of [first, await node.token({ jti: 'second' })]) {
      renewed.send({ type: 'hello', token })
      await renewed.next('welcome')
    }
    await revocations.revokeToken('first')
    await askPing(renewed)
    await revocations.revokeToken('second')
    expect((await renewed.closed).code).toBe(4002)
    await askPing(other)
    await revocations.revokeClient('app-2')
    expect((await other.closed).code).toBe(4002)
  })
})

function failing(node: ChannelNode): FakeStore {
  if (node.site.store instanceof FakeStore) return node.site.store
  throw new Error('this store cannot fail')
}

async function askPing(client: Awaited<ReturnType<ChannelNode['client']>>) {
  client.send({ type: 'ping', ref: 1 })
  return client.next('pong')
}

describe('messages of a channel', () => {
  it('come in their order, each once, whatever the rate', async () => {
    const node = await startNode()
    const client = await node.welcomed()
    const numbers = Array.from({ length: 200 }, (_, n) => n)
    await Promise.all(numbers.map((n) => node.tell(n)))
    for (const n of numbers) expect(await client.next()).toEqual({ seq: n + 1, type: 'test', n })
  })

  it('that came while the channel was lost are there when it is regained, and no others', async () => {
    const node = await startNode()
    const first = await node.welcomed()
    await node.tell(1)
    await node.tell(2)
    await first.next('test')
    await first.next('test')
    first.websocket.terminate()
    await node.tell(3)
    // The app had made use of the first only.
    const second = await node.welcomed({ resume: 1 })
    expect([(await second.next()).seq, (await second.next()).seq]).toEqual([2, 3])
    second.send({ type: 'ack', upTo: 3 })
    await second.close()
    const third = await node.welcomed()
    await node.tell(4)
    expect((await third.next()).seq).toBe(4)
  })

  it('that the client has are not kept, and those that it never got cannot be acknowledged', async () => {
    const node = await startNode()
    const client = await node.welcomed()
    await node.tell(1)
    await client.next('test')
    client.send({ type: 'ack', upTo: 1 })
    client.send({ type: 'ack', upTo: 7 })
    await node.tell(2)
    expect((await client.next()).seq).toBe(2)
    await client.close()
    await node.hub.close()
    const kept = await node.site.store.messagesAfter({ client: 'app-1', device: null }, 0, 1, 10)
    expect(kept.map(({ seq }) => seq)).toEqual([2])
  })

  it('that have expired are not sent', async () => {
    const node = await startNode()
    await node.tell(1, undefined, 1)
    await node.tell(2)
    const client = await node.welcomed()
    expect((await client.next()).seq).toBe(2)
  })

  it('stop where the client acknowledges nothing, and it is told what it lost', async () => {
    const queue = { messages: 5, bytes: 100_000 }
    const node = await startNode({ limits: { queue } })
    const client = await node.welcomed()
    for (let n = 1; n <= 6; n++) await node.tell(n)
    expect(await client.closed).toEqual({ code: 4007, reason: 'too-many-queued' })
    const to = { client: 'app-1', device: null }
    await node.site.store.putMessages([{ to, body: '{"type":"test","n":7}', expiresAt: FAR }], queue)
    const back = await node.client()
    back.send({ type: 'hello', token: await node.token() })
    expect(await back.next('welcome')).toMatchObject({ last: 7, from: 0, lost: 2 })
    expect((await back.next()).seq).toBe(3)
  })

  it('wait for a client that reads slowly, and cut off one that does not read', async () => {
    const queue = { messages: 1000, bytes: 100_000_000 }
    const node = await startNode({ limits: { buffered: 1000, writeMs: 200, queue } })
    const client = await node.welcomed()
    client.websocket.pause()
    const body = JSON.stringify({ type: 'test', filler: 'x'.repeat(60_000) })
    const to = { client: 'app-1', device: null }
    // More than the buffers of both ends take.
    await node.site.store.putMessages(
      Array.from({ length: 300 }, () => ({ to, body, expiresAt: FAR })),
      queue,
    )
    const other = await node.welcomed({ token: await node.token({ client: 'app-2' }) })
    await node.site.bus.publish({ type: 'client-message', to })
    await has(node, 'channels', 1)
    expect((await askPing(other)).type).toBe('pong')
    client.websocket.resume()
    expect([1006, 4006]).toContain((await client.closed).code)
    expect(client.received.length).toBeLessThan(300)
  })

  it('are read again where the database was away', async () => {
    const node = await startNode({ limits: { retryMs: 10 } })
    const client = await node.welcomed()
    let failed = 0
    failing(node).failWhile((method) => method === 'messagesAfter' && failed++ < 2)
    await node.tell(1)
    expect((await client.next()).seq).toBe(1)
    expect(failed).toBeGreaterThan(2)
  })
})

/** Until the hub has so many of them. */
function has(node: ChannelNode, what: 'channels' | 'polls', count: number): Promise<void> {
  return vi.waitFor(() => expect(node.hub.gauges[what]).toBe(count), { interval: 2, timeout: 20_000 })
}

describe('a channel', () => {
  it('gives way to a newer one of the same client, and not to one of another device', async () => {
    const node = await startNode()
    await node.device('d1')
    const [first, other] = [await node.welcomed(), await node.welcomed({ device: 'd1' })]
    const second = await node.welcomed()
    expect(await first.closed).toEqual({ code: 4005, reason: 'replaced' })
    await node.tell(1)
    expect((await second.next()).seq).toBe(1)
    expect((await askPing(other)).type).toBe('pong')
  })

  it('that is half open is seen, and one that answers stays', async () => {
    const node = await startNode({ limits: { pingMs: 60 } })
    const alive = await node.welcomed()
    const dead = await node.client({ autoPong: false })
    dead.send({ type: 'hello', token: await node.token({ client: 'app-2' }) })
    expect((await dead.closed).code).toBe(4008)
    expect((await askPing(alive)).type).toBe('pong')
  })

  it('is sent to another server when this one stops', async () => {
    const node = await startNode()
    const client = await node.welcomed()
    const waiting = await node.client()
    node.hub.drain()
    expect(await client.closed).toEqual({ code: 4009, reason: 'draining' })
    expect((await waiting.closed).code).toBe(4009)
    const late = await node.client()
    expect((await late.closed).code).toBe(4009)
  })

  it('takes no message that is larger than what a client has to say', async () => {
    const node = await startNode()
    const client = await node.welcomed()
    client.send({ type: 'ping', ref: 'x'.repeat(70_000) })
    expect((await client.closed).code).toBe(1009)
  })

  it('reads no more while requests wait, and does them all, one after another', async () => {
    const node = await startNode({ limits: { requests: 4 } })
    const client = await node.welcomed()
    let under = 0
    node.calls.answer = async (callId) => {
      under += 1
      expect(under).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      under -= 1
      return view(callId)
    }
    const token = await node.site.tokens.mintCall({
      callId: 'c',
      deviceId: 'd',
      user: 'alice',
      expiresAt: FAR,
    })
    for (let ref = 0; ref < 50; ref++) client.send({ type: 'accept', ref, callId: 'c', token })
    for (let ref = 0; ref < 50; ref++) expect(await client.next('result')).toMatchObject({ ref, ok: true })
  })
})

describe('calls on a channel', () => {
  it('are accepted, declined and ended for the device of the channel', async () => {
    const node = await startNode()
    await node.device('d1')
    const client = await node.welcomed({ device: 'd1' })
    expect(await client.ask({ type: 'accept', ref: 'a', callId: 'c1', sdp: 'v=0' })).toEqual({
      type: 'result',
      ref: 'a',
      ok: true,
      call: { id: 'c1', state: 'accepted' },
    })
    await client.ask({ type: 'decline', callId: 'c1', reason: 'busy' })
    await client.ask({ type: 'decline', callId: 'c1', reason: 'message', message: 'Later' })
    await client.ask({ type: 'decline', callId: 'c1', reason: 'redirect', to: { number: '+1555' } })
    await client.ask({ type: 'decline', callId: 'c1', reason: 'redirect', to: { user: 'bob' } })
    await client.ask({ type: 'hangup', callId: 'c1' })
    expect(node.calls.asked).toEqual([
      ['accept', 'c1', 'd1', { sdp: 'v=0' }],
      ['decline', 'c1', 'd1', { reason: 'busy' }],
      ['decline', 'c1', 'd1', { reason: 'message', message: 'Later' }],
      ['decline', 'c1', 'd1', { reason: 'redirect', to: { kind: 'number', number: '+1555' } }],
      ['decline', 'c1', 'd1', { reason: 'redirect', to: { kind: 'user', user: 'bob' } }],
      ['hangUp', 'c1', 'd1'],
    ])
  })

  it('are accepted with a call token, for its device and no other call', async () => {
    const node = await startNode()
    const client = await node.welcomed()
    const mint = (callId: string) =>
      node.site.tokens.mintCall({ callId, deviceId: 'd9', user: 'alice', expiresAt: FAR })
    expect(await client.ask({ type: 'accept', callId: 'c1', token: await mint('c1') })).toMatchObject({
      ok: true,
    })
    expect(await client.ask({ type: 'accept', callId: 'c2', token: await mint('c1') })).toMatchObject({
      problem: { type: '/problems/token-foreign' },
    })
    expect(await client.ask({ type: 'accept', callId: 'c2', token: await node.token() })).toMatchObject({
      problem: { type: '/problems/token-invalid' },
    })
    expect(await client.ask({ type: 'accept', callId: 'c2' })).toMatchObject({
      problem: { type: '/problems/token-missing' },
    })
    expect(node.calls.asked).toEqual([['accept', 'c1', 'd9', {}]])
  })

  it('that are refused are answered with the problem that the HTTP API has for it', async () => {
    const node = await startNode()
    await node.device('d1')
    const client = await node.welcomed({ device: 'd1' })
    node.calls.answer = () => ({ kind: 'refused', why: 'answered-elsewhere', detail: 'too late' })
    expect(await client.ask({ type: 'accept', ref: 5, callId: 'c1' })).toEqual({
      type: 'result',
      ref: 5,
      ok: false,
      problem: { type: '/problems/call-answered-elsewhere', detail: 'too late' },
    })
    node.calls.answer = () => Promise.reject(new Error('a fault'))
    expect(await client.ask({ type: 'hangup', callId: 'c1' })).toMatchObject({
      problem: { type: '/problems/internal' },
    })
    expect(node.log.at('error')).toHaveLength(1)
  })

  it('that are asked for in a wrong way are refused by name, and the channel stays', async () => {
    const node = await startNode()
    const client = await node.welcomed()
    const wrong = [
      [{ type: 'dance', ref: 'r' }, 'type'],
      [{ type: 'accept', ref: 'r' }, 'callId'],
      [{ type: 'accept', ref: 'r', callId: 'c', extra: 1 }, 'extra'],
      [{ type: 'ack', ref: 'r' }, ''],
    ] as const
    for (const [request, named] of wrong) {
      const { problem, ref } = await client.ask(request)
      expect(ref).toBe('r')
      expect(problem).toMatchObject({ type: '/problems/bad-request' })
      expect((problem as { detail: string }).detail).toContain(named)
    }
  })
})

describe('a call that is offered', () => {
  const payload = { callId: 'c1', caller: '+15550001', token: 'call token' }

  it('is taken where the app has it, and comes with what the push would carry', async () => {
    const node = await startNode()
    await node.device('d1')
    const client = await node.welcomed({ device: 'd1' })
    const offered = node.hub.offerCall('d1', payload, FAR)
    const message = await client.next('incoming-call')
    expect(message).toMatchObject({ seq: 1, ...payload, expiresAt: '2100-01-01T00:00:00.000Z' })
    client.send({ type: 'ack', upTo: 1 })
    expect(await offered).toBe('taken')
  })

  it.each<{ grants: Grants }>([{ grants: { outgoing: { to: ['*'] } } }, { grants: { presence: {} } }])(
    'goes to no client whose token does not grant it, be the token for the device: $grants',
    async ({ grants }) => {
      const node = await startNode()
      await node.device('d1')
      const token = await node.token({ grants, deviceId: 'd1' })
      const client = await node.client()
      client.send({ type: 'hello', token })
      expect(await client.next('welcome')).not.toHaveProperty('device')
      expect(await node.hub.offerCall('d1', payload, FAR)).toBe('no-channel')
      for (const request of [
        { type: 'accept', callId: 'c1' },
        { type: 'decline', callId: 'c1', reason: 'busy' },
        { type: 'hangup', callId: 'c1' },
      ]) {
        expect(await client.ask(request)).toMatchObject({ problem: { type: '/problems/token-missing' } })
      }
      expect(node.calls.asked).toEqual([])
      const polled = await node.get('/v1/client/messages?device=d1', token)
      expect([polled.status, await polled.json()]).toMatchObject([
        403,
        { type: '/problems/grant-missing', grant: 'channel' },
      ])
      await node.hub.tellEnding('d1', payload)
      const own = await node.get('/v1/client/messages', token)
      expect([own.status, await own.json()]).toEqual([200, { messages: [], lost: 0 }])
    },
  )

  it('calls for a push at once where no channel of the device is open', async () => {
    const node = await startNode()
    await node.device('d1')
    await node.device('d2')
    expect(await node.hub.offerCall('d1', payload, FAR)).toBe('no-channel')
    const client = await node.welcomed({ device: 'd1' })
    expect(await node.hub.offerCall('d2', payload, FAR)).toBe('no-channel')
    await client.close()
    await has(node, 'channels', 0)
    await node.hub.close()
    expect(await node.hub.offerCall('d1', payload, FAR)).toBe('no-channel')
  })

  it('calls for a push where the app says nothing, or the database is away', async () => {
    const node = await startNode()
    await node.device('d1')
    const client = await node.welcomed({ device: 'd1' })
    const offered = node.hub.offerCall('d1', payload, FAR)
    await client.next('incoming-call')
    expect(await offered).toBe('no-channel')
    failing(node).failWhile((method) => method === 'putToOpenChannels')
    expect(await node.hub.offerCall('d1', payload, FAR)).toBe('no-channel')
  })

  it('has its ending told, also to an app that is back only then', async () => {
    const node = await startNode()
    await node.device('d1')
    const client = await node.welcomed({ device: 'd1' })
    await client.close()
    await node.hub.tellEnding('d1', { callId: 'c1', reason: 'SIP;cause=200' })
    const back = await node.welcomed({ device: 'd1' })
    expect(await back.next()).toEqual({ seq: 1, type: 'ended', callId: 'c1', reason: 'SIP;cause=200' })
  })
})

describe('a client without a channel', () => {
  const poll = async (node: ChannelNode, query = '') => {
    const response = await node.get(`/v1/client/messages${query}`, await node.token())
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  it('polls for what there is, and keeps nothing that it has', async () => {
    const node = await startNode()
    await node.tell(1)
    await node.tell(2)
    const messages = [
      { seq: 1, type: 'test', n: 1 },
      { seq: 2, type: 'test', n: 2 },
    ]
    expect(await poll(node)).toEqual({ status: 200, body: { messages, lost: 0 } })
    expect((await poll(node, '?after=1')).body).toEqual({ messages: messages.slice(1), lost: 0 })
    expect((await poll(node)).body).toEqual({ messages: messages.slice(1), lost: 0 })
    expect((await poll(node, '?after=2')).body).toEqual({ messages: [], lost: 0 })
  })

  it('waits for a message that comes', async () => {
    const node = await startNode()
    const polled = poll(node, '?wait=25')
    await has(node, 'polls', 1)
    await node.tell(1)
    expect((await polled).body).toMatchObject({ messages: [{ seq: 1 }] })
    expect(node.hub.gauges.polls).toBe(0)
  })

  it('has one poll that waits, and none when it is gone', async () => {
    const node = await startNode()
    const first = poll(node, '?wait=25')
    await has(node, 'polls', 1)
    const leave = new AbortController()
    const second = node.get('/v1/client/messages?wait=25', await node.token(), { signal: leave.signal })
    expect((await first).body).toEqual({ messages: [], lost: 0 })
    await has(node, 'polls', 1)
    leave.abort()
    await expect(second).rejects.toThrow()
    await has(node, 'polls', 0)
  })

  it('is told what is wrong with its query and with its device', async () => {
    const node = await startNode()
    expect((await poll(node, '?wait=26')).status).toBe(400)
    expect((await poll(node, '?after=x')).status).toBe(400)
    expect((await poll(node, '?device=nothing')).body).toMatchObject({ type: '/problems/token-foreign' })
  })
})

describe('the address of the channel', () => {
  it('asks for a WebSocket where a request is none', async () => {
    const node = await startNode()
    const response = await fetch(`${node.base}/v1/client`)
    expect(response.status).toBe(426)
    expect(response.headers.get('upgrade')).toBe('websocket')
  })

  it('is the only one with a WebSocket', async () => {
    const node = await startNode()
    const answer = await raw(node, 'GET /v1/calls HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 404 [\s\S]*"type":"\/problems\/not-found"/)
  })

  it('does not keep clients that offer HTTP/2 from the API', async () => {
    const node = await startNode()
    const token = await node.token()
    const head =
      `GET /v1/client/messages HTTP/1.1\r\nAuthorization: Bearer ${token}\r\n` +
      'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n'
    expect(await raw(node, head)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"messages":\[\],"lost":0\}/)
    const post =
      'POST /v1/client HTTP/1.1\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nContent-Length: 2\r\n'
    expect(await raw(node, post, '{}')).toMatch(/^HTTP\/1\.1 405 /)
  })
})

async function raw(node: ChannelNode, head: string, body = ''): Promise<string> {
  const { hostname, port, host } = new URL(node.base)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
  const websocket = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
  socket.write(`${head}Host: ${host}\r\n${websocket}\r\n${body}`)
  await once(socket, 'close')
  return answer
}
