import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/adapters/system/clock.js'
import type { Grants } from '../../src/clients/tokens/claims.js'
import { CHANNEL_LIMITS } from '../../src/clients/channel/limits.js'
import { createPresence, type PresenceService } from '../../src/presence/service.js'
import { RecordingLog } from '../wake/recording-log.js'
import type { Message, TestClient } from './support/client.js'
import { ChannelNode, openSite, type Site } from './support/node.js'

const ALL: Grants = { presence: { set: true, read: ['*'] } }

async function start(limits = {}): Promise<{ node: ChannelNode; presence: PresenceService; site: Site }> {
  const site = await openSite()
  const { store, bus } = site
  const presence = createPresence({
    ...{ store, bus, clock: systemClock, log: new RecordingLog() },
    limits: { batchMs: 1, tickMs: 5 },
  })
  onTestFinished(() => presence.close())
  const node = await ChannelNode.start(site, { presence, limits: { ...CHANNEL_LIMITS, ...limits } })
  return { node, presence, site }
}

async function client(node: ChannelNode, user: string, grants = ALL): Promise<TestClient> {
  return node.welcomed({ token: await node.token({ client: `app-of-${user}`, user, grants }) })
}

/** Takes what comes until a result is there: what was told before it, and the result. */
async function asked(reader: TestClient, request: object): Promise<readonly [readonly Message[], Message]> {
  reader.send(request)
  const told: Message[] = []
  for (;;) {
    const message = await reader.next()
    if (message.type === 'result') return [told, message]
    told.push(message)
  }
}

describe('presence on a channel', () => {
  it('is set by one, and told to those who read it, first as it is and then as it changes', async () => {
    const { node } = await start()
    const [alice, bob] = [await client(node, 'alice'), await client(node, 'bob')]
    const [told, result] = await asked(bob, { type: 'presence-subscribe', ref: 1, users: ['alice', 'carol'] })
    expect(result).toEqual({ type: 'result', ref: 1, ok: true })
    // Alice has a channel, and Carol nothing.
    expect(told).toMatchObject([
      { type: 'presence', user: 'alice', state: 'available', set: false },
      { type: 'presence', user: 'carol', state: 'offline', set: false, version: 0 },
    ])
    const [, set] = await asked(alice, { type: 'presence-set', state: 'busy', note: 'on stage', expires: 60 })
    expect(set).toMatchObject({ ok: true, version: expect.any(Number) as number })
    expect(await bob.next('presence')).toEqual({
      ...{ type: 'presence', user: 'alice', state: 'busy', set: true, note: 'on stage' },
      ...{ since: expect.any(String) as string, version: set['version'] },
      ...{ registered: false, wakeable: false, inCall: false },
    })
  })

  it('is not told any longer of those who are read no more', async () => {
    const { node } = await start()
    const [alice, bob] = [await client(node, 'alice'), await client(node, 'bob')]
    await asked(bob, { type: 'presence-subscribe', users: ['alice', 'bob'] })
    await asked(bob, { type: 'presence-unsubscribe', users: ['alice'] })
    await asked(alice, { type: 'presence-set', state: 'away' })
    const [told] = await asked(bob, { type: 'presence-set', state: 'busy' })
    const next = told.length > 0 ? told : [await bob.next('presence')]
    // Of bob there may be what he was before, too.
    expect(new Set(next.map(({ user }) => user))).toEqual(new Set(['bob']))
  })

  it('needs the grant to set, and to read each of them; its own a client may read with either', async () => {
    const { node } = await start()
    const reader = await client(node, 'alice', { presence: { read: ['bob'] } })
    const problem = { type: '/problems/grant-missing', detail: expect.any(String) as string }
    const refused = { ok: false, problem }
    expect((await asked(reader, { type: 'presence-set', state: 'busy' }))[1]).toMatchObject(refused)
    const both = { type: 'presence-subscribe', users: ['bob', 'carol'] }
    expect((await asked(reader, both))[1]).toMatchObject({
      problem: { detail: expect.stringContaining('carol') as string },
    })
    const own = { type: 'presence-subscribe', users: ['alice', 'bob'] }
    expect((await asked(reader, own))[1]).toMatchObject({ ok: true })
    const plain = await client(node, 'dave', { channel: true })
    const alone = { type: 'presence-subscribe', users: ['dave'] }
    expect((await asked(plain, alone))[1]).toMatchObject(refused)
  })

  it('reads no more of what the next token of the client does not grant', async () => {
    const { node, presence } = await start()
    const reader = await client(node, 'alice')
    await asked(reader, { type: 'presence-subscribe', users: ['bob', 'carol'] })
    const token = await node.token({
      ...{ client: 'app-of-alice', user: 'alice', grants: { presence: { read: ['carol'] } } },
    })
    reader.send({ type: 'hello', token })
    await reader.next('welcome')
    const state = { state: 'away', note: null, expiresIn: 60_000 } as const
    await presence.set('bob', state)
    await presence.set('carol', state)
    expect(await reader.next('presence')).toMatchObject({ user: 'carol', state: 'away' })
  })

  it('refuses a note that is too long, and more users than a channel may read', async () => {
    const { node } = await start()
    const reader = await client(node, 'alice')
    const long = { type: 'presence-set', state: 'busy', note: 'x'.repeat(257) }
    expect((await asked(reader, long))[1]).toMatchObject({ problem: { type: '/problems/bad-request' } })
    for (let page = 0; page < 10; page++) {
      const users = Array.from({ length: 100 }, (_, n) => `user-${String(page * 100 + n)}`)
      expect((await asked(reader, { type: 'presence-subscribe', users }))[1]).toMatchObject({ ok: true })
    }
    const more = { type: 'presence-subscribe', users: ['one-more'] }
    expect((await asked(reader, more))[1]).toMatchObject({ problem: { type: '/problems/too-many-requests' } })
  })

  it('leaves nothing behind when the channel is gone', async () => {
    const { node, presence } = await start()
    const reader = await client(node, 'alice')
    await asked(reader, { type: 'presence-subscribe', users: ['bob'] })
    expect(presence.gauges.watched).toBe(1)
    await reader.close()
    await expect.poll(() => presence.gauges.watched).toBe(0)
  })

  it('a reader that does not keep up misses steps in between, and never the last state of each', async () => {
    const { node, presence } = await start({ buffered: 1024 })
    const reader = await client(node, 'alice')
    const users = Array.from({ length: 50 }, (_, n) => `user-${String(n)}`)
    await asked(reader, { type: 'presence-subscribe', users })
    const before = reader.received.length
    const last = new Map<string, number>()
    const rounds = 400
    reader.websocket.pause()
    for (let round = 0; round < rounds; round++) {
      const note = `${String(round)}${'.'.repeat(200)}`
      const versions = await Promise.all(
        users.map((user) => presence.set(user, { state: 'busy', note, expiresIn: 600_000 })),
      )
      users.forEach((user, n) => last.set(user, versions[n] ?? 0))
    }
    reader.websocket.resume()
    const heard = (): Message[] => reader.received.slice(before).filter(({ type }) => type === 'presence')
    const lastHeard = (user: string) => heard().findLast((message) => message['user'] === user)
    await expect
      .poll(() => users.every((user) => lastHeard(user)?.['version'] === last.get(user)), { timeout: 30_000 })
      .toBe(true)
    expect(heard().length).toBeLessThan(users.length * rounds)
    for (const user of users) {
      const versions = heard()
        .filter((message) => message['user'] === user)
        .map((message) => Number(message['version']))
      expect(versions).toEqual(versions.toSorted((a, b) => a - b))
    }
  })
})
