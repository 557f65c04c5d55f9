import { expect, it, onTestFinished } from 'vitest'
import { createPostgresBus } from '../../src/adapters/bus/postgres.js'
import { openStore } from '../../src/adapters/postgres/index.js'
import { describeWith, postgresForFile } from '../support/postgres/index.js'
import { RecordingLog } from '../wake/recording-log.js'
import { ChannelNode, FAR, openSite, type Site } from './support/node.js'

const postgres = await postgresForFile()

describeWith('channels on two nodes of one database', postgres, (server) => {
  async function twoNodes(): Promise<readonly [ChannelNode, ChannelNode]> {
    const database = await server.database()
    onTestFinished(() => database.drop())
    const { tokens } = await openSite()
    const site = async (node: string): Promise<Site> => {
      const store = await openStore({ engine: 'postgres', url: database.url, node })
      onTestFinished(() => store.close())
      await store.migrate()
      await store.beat()
      const bus = await createPostgresBus({ url: database.url, log: new RecordingLog() })
      onTestFinished(() => bus.close())
      const { revocations } = await openSite({ store, bus })
      return { store, bus, tokens, revocations }
    }
    const nodes = [
      await ChannelNode.start(await site('a')),
      await ChannelNode.start(await site('b')),
    ] as const
    await nodes[0].device('d1')
    return nodes
  }

  it('a message that is made on one reaches the channel on the other', async () => {
    const [a, b] = await twoNodes()
    const client = await a.welcomed()
    for (let n = 1; n <= 20; n++) await (n % 2 === 0 ? a : b).tell(n)
    for (let n = 1; n <= 20; n++) expect(await client.next()).toEqual({ seq: n, type: 'test', n })
  })

  it('a channel that is regained on the other node gets what it missed, in order and once', async () => {
    const [a, b] = await twoNodes()
    const first = await a.welcomed()
    await b.tell(1)
    expect((await first.next()).seq).toBe(1)
    first.websocket.terminate()
    await a.tell(2)
    await b.tell(3)
    const second = await b.welcomed({ resume: 1 })
    await a.tell(4)
    expect([await second.next(), await second.next(), await second.next()].map(({ seq }) => seq)).toEqual([
      2, 3, 4,
    ])
  })

  it('a token that is revoked on one loses its channel on the other, and nobody else loses any', async () => {
    const [a, b] = await twoNodes()
    const [lost, kept] = [await b.welcomed(), await b.welcomed({ token: await b.token({ client: 'app-2' }) })]
    await a.site.revocations.revokeClient('app-1')
    expect((await lost.closed).code).toBe(4002)
    kept.send({ type: 'ping' })
    await kept.next('pong')
  })

  it('a newer channel on the other node takes the place of the one before', async () => {
    const [a, b] = await twoNodes()
    const first = await a.welcomed()
    const second = await b.welcomed()
    expect((await first.closed).code).toBe(4005)
    second.send({ type: 'ping' })
    await second.next('pong')
    const third = await a.welcomed()
    expect((await second.closed).code).toBe(4005)
    await b.tell(1)
    expect((await third.next()).seq).toBe(1)
  })

  it('a call is offered to the channel on the other node, and taken there', async () => {
    const [a, b] = await twoNodes()
    const client = await b.welcomed({ device: 'd1' })
    // A slow machine may need longer than an app has; each offer is one more chance.
    for (let taken = 'no-channel', n = 1; taken !== 'taken'; n++) {
      const offered = a.hub.offerCall('d1', { callId: `c${String(n)}` }, FAR)
      expect(await client.next('incoming-call')).toMatchObject({ seq: n, callId: `c${String(n)}` })
      client.send({ type: 'ack', upTo: n })
      taken = await offered
    }
    await client.close()
  })

  it('a client that polls on one hears what is made on the other', async () => {
    const [a, b] = await twoNodes()
    const polled = a.get('/v1/client/messages?wait=25', await a.token())
    await expect.poll(() => a.hub.gauges.polls).toBe(1)
    await b.tell(1)
    expect(await (await polled).json()).toEqual({ messages: [{ seq: 1, type: 'test', n: 1 }], lost: 0 })
  })
})
