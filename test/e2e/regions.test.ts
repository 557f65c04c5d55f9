import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Address, type Caller, header, type OutgoingCall } from '../../src/demo/index.js'
import { engines } from '../support/engines.js'
import { type ConfigTree, TestServer, users } from '../support/server.js'

/** Two regions on one machine: each has a SIP server and a media engine. By their ports one sees which was taken. */
const FIRST_PORT = 20_000 + (process.pid % 40) * 1000
const PORTS = { eu: `${FIRST_PORT}-${FIRST_PORT + 499}`, us: `${FIRST_PORT + 500}-${FIRST_PORT + 999}` }
const listen = [
  { protocol: 'udp', host: '127.0.0.1', port: 0 },
  { protocol: 'tcp', host: '127.0.0.1', port: 0 },
]
const TWO_REGIONS: ConfigTree = {
  sip: { listen, region: 'eu' },
  media: { ports: PORTS.eu, region: 'eu' },
  regions: { eu: {}, us: { listen, media: { host: '127.0.0.1', ports: PORTS.us } } },
  paths: { costs: [{ from: 'eu', to: 'us', cost: 80 }] },
  users: users(['ada', 'ben', 'cleo', 'dan', 'eve', 'finn']),
}

type Region = 'eu' | 'us'

/** The edges of a server, in the order of its gateways. */
function edgeOf(server: TestServer, region: Region, protocol = 'udp'): Address {
  const points = server.server.sip.filter((point) => point.protocol === protocol)
  const point = points[region === 'eu' ? 0 : 1]
  if (point === undefined) throw new Error(`there is no edge in ${region}`)
  return { host: point.host, port: point.port }
}

/** Whose media engine an SDP is of. */
function mediaOf(sdp: string): Region {
  return Number(/^m=audio (\d+)/m.exec(sdp)?.[1]) < FIRST_PORT + 500 ? 'eu' : 'us'
}

/** Whose SIP server sent a request: its port stands in the topmost Via. */
function gatewayOf(server: TestServer, via: string | undefined): Region {
  const port = Number(/:(\d+);/.exec(via ?? '')?.[1])
  const of = (region: Region) => ['udp', 'tcp'].map((protocol) => edgeOf(server, region, protocol).port)
  if (of('eu').includes(port)) return 'eu'
  if (of('us').includes(port)) return 'us'
  throw new Error(`no edge has the port of ${String(via)}`)
}

function uriOf({ host, port }: Address, protocol: string): string {
  return `sip:${host}:${port};transport=${protocol}`
}

const real = engines.drachtio !== undefined || engines.freeswitch !== undefined

describe.skipIf(real)('a call', () => {
  let server: TestServer
  /** The far end of a trunk in us. */
  let outside: Caller

  beforeAll(async () => {
    server = await TestServer.start(TWO_REGIONS)
    outside = await server.caller({ user: 'gateway' })
    const { host, port } = outside.peer.local
    server.reload({
      ...TWO_REGIONS,
      trunks: { out: { proxy: `sip:${host}:${port}`, region: 'us' } },
      routes: [{ match: '+1999*', uri: 'sip:+19995555@far.example', trunk: 'out' }],
    })
  })
  afterAll(() => server.close())
  afterEach(() => server.quiet())

  /** How a call from one edge to a phone went: which gateways and media servers its legs used. */
  async function legsOf(from: Region, user: string, at: Region) {
    const phone = await server.registeredPhone(user, undefined, { proxy: edgeOf(server, at) })
    const caller = await server.caller({ proxy: edgeOf(server, from) })
    const outgoing = await caller.call(`sip:${user}@example.net`)
    const { body: answer } = await outgoing.answered()
    const incoming = await phone.nextCall()
    const legs = {
      gateway: gatewayOf(server, header(incoming.invite, 'Via')),
      media: [mediaOf(answer), mediaOf(incoming.invite.body)],
    }
    outgoing.hangUp()
    await Promise.all([outgoing.ended, incoming.ended])
    await phone.unregister()
    return legs
  }

  test('between two sides of one region stays in it', async () => {
    expect(await legsOf('eu', 'ada', 'eu')).toEqual({ gateway: 'eu', media: ['eu', 'eu'] })
    expect(await legsOf('us', 'ada', 'us')).toEqual({ gateway: 'us', media: ['us', 'us'] })
  })

  test('from one region to another reaches the phone by its own gateway, with media at one of both ends', async () => {
    expect(await legsOf('eu', 'ben', 'us')).toEqual({ gateway: 'us', media: ['eu', 'eu'] })
    expect(await legsOf('us', 'ben', 'eu')).toEqual({ gateway: 'eu', media: ['us', 'us'] })
  })

  test('to a trunk leaves by the gateway near it', async () => {
    const caller = await server.caller({ proxy: edgeOf(server, 'eu') })
    outside.onInvite({ answerAfterMs: 0 })
    const outgoing = await caller.call('sip:+19995555@example.net')
    await outgoing.answered()
    const incoming = await outside.nextCall()
    expect(gatewayOf(server, header(incoming.invite, 'Via'))).toBe('us')
    outgoing.hangUp()
    await Promise.all([outgoing.ended, incoming.ended])
  })

  test('wakes a phone with the edge of the region that it was registered in last', async () => {
    const phone = await server.sleepingPhone('token-cleo', 'cleo', {
      proxy: edgeOf(server, 'us', 'tcp'),
      protocol: 'tcp',
    })
    const caller = await server.caller()
    for (const region of ['us', 'eu'] as const) {
      const outgoing = await caller.call('sip:cleo@example.net')
      const { payload } = await server.push.nextDelivery('token-cleo')
      const named = region === 'us' ? 'us' : 'eu'
      expect(payload['edge']).toBe(uriOf(edgeOf(server, named, 'tcp'), 'tcp'))
      // It wakes up elsewhere than it was: there it is from now on.
      expect((await phone.wake({ edge: edgeOf(server, 'eu', 'tcp') })).status).toBe(200)
      const incoming = await phone.nextCall()
      await outgoing.answered()
      outgoing.hangUp()
      await Promise.all([outgoing.ended, incoming.ended])
      await phone.sleep()
    }
  })

  test('has the choice and its reasons in its record', async () => {
    const phone = await server.registeredPhone('dan', undefined, { proxy: edgeOf(server, 'us') })
    const caller = await server.caller({ proxy: edgeOf(server, 'eu') })
    const outgoing = await caller.call('sip:dan@example.net')
    await outgoing.answered()
    const incoming = await phone.nextCall()
    const callId = header(incoming.invite, 'X-Call-Id')
    outgoing.hangUp()
    await Promise.all([outgoing.ended, incoming.ended])
    await expect
      .poll(async () => {
        const { events } = await server.json<{ events: { type: string; data: unknown }[] }>(
          `/v1/admin/calls/${callId}`,
        )
        return events.filter(({ type }) => type === 'route-chosen').map(({ data }) => data)
      })
      .toEqual([
        {
          media: 'eu',
          gateway: 'embedded',
          reasons: [
            'from eu to us',
            expect.stringMatching(/^media in eu: cost 80, load \d+, chosen$/),
            expect.stringMatching(/^media in us: cost 80, load \d+$/),
          ],
        },
      ])
    await phone.unregister()
  })
})

describe.skipIf(real)('a region that is lost', () => {
  test('takes no call along that had not begun, and its phones are woken elsewhere', async () => {
    const server = await TestServer.start({ ...TWO_REGIONS, paths: { rehome: false } })
    try {
      const phone = await server.registeredPhone('eve', undefined, { proxy: edgeOf(server, 'eu') })
      phone.onInvite({ answerAfterMs: 300 })
      const app = await server.registeredPhone('finn', 'token-finn', {
        proxy: edgeOf(server, 'us', 'tcp'),
        protocol: 'tcp',
      })
      const edges = [edgeOf(server, 'us'), edgeOf(server, 'eu')]
      const trunk = await Promise.all(edges.map((proxy) => server.caller({ proxy })))

      // They come by us, and are on their way when it goes.
      const before = await Promise.all(Array.from({ length: 5 }, () => callBy(trunk, 'eve')))
      expect(before.map(({ edge }) => edge)).toEqual([0, 0, 0, 0, 0])
      const stopped = server.server.stopRegion('us')
      const during = await Promise.all(Array.from({ length: 5 }, () => callBy(trunk, 'eve')))
      await stopped
      const after = await Promise.all(Array.from({ length: 5 }, () => callBy(trunk, 'eve')))
      for (const { edge, call } of [...during, ...after]) {
        const { body } = await call.answered()
        expect([edge, mediaOf(body)]).toEqual([1, 'eu'])
      }

      // A phone that was there is reached by a push, which names an edge that is up.
      const { call } = await callBy(trunk, 'finn')
      const push = await server.push.nextDelivery('token-finn')
      expect(push.payload).toMatchObject({ kind: 'call', edge: uriOf(edgeOf(server, 'eu', 'tcp'), 'tcp') })
      expect((await app.wake({ edge: edgeOf(server, 'eu', 'tcp'), newSocket: true })).status).toBe(200)
      const { body } = await call.answered()
      expect(mediaOf(body)).toBe('eu')
      for (const each of [...during, ...after, { call }]) each.call.hangUp()
      await Promise.all([...before, ...during, ...after, { call }].map((each) => settled(each.call)))
    } finally {
      await server.close()
    }
  })

  test('has its idle phones pushed to another edge, once', async () => {
    const server = await TestServer.start(TWO_REGIONS)
    try {
      const proxy = edgeOf(server, 'us', 'tcp')
      await server.registeredPhone('ada', 'token-ada', { proxy, protocol: 'tcp' })
      await server.registeredPhone('ben', 'token-ben', { proxy: edgeOf(server, 'eu') })
      await server.server.stopRegion('us')
      const { payload } = await server.push.nextPush('token-ada', 10_000)
      expect(payload).toMatchObject({ kind: 'rehome', edge: uriOf(edgeOf(server, 'eu', 'tcp'), 'tcp') })
      await expect
        .poll(() => server.logged.find(({ msg }) => msg.startsWith('devices of a lost region')))
        .toMatchObject({ region: 'us', devices: 1 })
      expect(server.push.pushesTo('token-ada')).toHaveLength(1)
      expect(server.push.pushesTo('token-ben')).toEqual([])
      // Calls can come, and operators see what is missing.
      expect(await server.json('/readyz')).toMatchObject({
        parts: { media: 'up', 'media:embedded-us': 'down: away', 'sip:embedded-us': 'down: not connected' },
      })
    } finally {
      await server.close()
    }
  })
})

interface Begun {
  /** Which of the edges took it. */
  readonly edge: number
  readonly call: OutgoingCall
}

/**
 * A call of a trunk that has two edges of ours, as carriers do: where one does not say within a second that it has the
 * INVITE, the other one gets it. What was taken, is begun.
 */
async function callBy(trunk: readonly Caller[], user: string): Promise<Begun> {
  for (const [edge, caller] of trunk.entries()) {
    const call = await caller.call(`sip:${user}@example.net`)
    const taken = await call.provisional('any', 1_000).then(
      () => true,
      () => false,
    )
    if (taken) return { edge, call }
    await call.abandon()
  }
  throw new Error('no edge took the call')
}

/** Over for the caller, or never to be heard of again: the edge that it was on is gone. */
async function settled(call: OutgoingCall): Promise<void> {
  if (!call.isOver) await call.abandon()
}
