import { describe, expect, it } from 'vitest'
import { someBinding, someDevice } from '../contract/store.contract.js'
import { presenceSite, TestReader } from './support.js'

const BUSY = { state: 'busy', note: 'in a meeting', expiresIn: 60_000 } as const
const PUSH = { provider: 'acme', token: 't' }

describe('a user of whom nothing is known', () => {
  it('is offline, since nobody knows when', async () => {
    const node = presenceSite().node()
    const offline = {
      ...{ user: 'alice', state: 'offline', set: false, note: null, since: null, version: 0 },
      ...{ registered: false, wakeable: false, inCall: false },
    }
    expect(await node.read('alice')).toEqual(offline)
    const reader = await TestReader.of(node, 'alice')
    expect(reader.heard).toEqual([offline])
  })
})

describe('a state that is set', () => {
  it('is told to readers on every node, in the order of its versions', async () => {
    const site = presenceSite()
    const [a, b] = [site.node(), site.node()]
    const readers = [await TestReader.of(a, 'alice'), await TestReader.of(b, 'alice', 'bob')]
    const first = await a.set('alice', BUSY)
    const second = await b.set('alice', { state: 'away', note: null, expiresIn: 60_000 })
    expect(second).toBeGreaterThan(first)
    for (const reader of readers) {
      const last = await reader.until('alice', { version: second })
      expect(last).toMatchObject({ state: 'away', set: true, note: null })
      const versions = reader.heard.filter(({ user }) => user === 'alice').map(({ version }) => version)
      expect(versions).toEqual([...new Set(versions)].sort((x, y) => x - y))
    }
    expect(await a.read('alice')).toEqual(await b.read('alice'))
  })

  it('is found by one who begins to read later, and by one who reads once', async () => {
    const site = presenceSite()
    const version = await site.node().set('alice', BUSY)
    const other = site.node()
    expect(await other.read('alice')).toMatchObject({ state: 'busy', note: 'in a meeting', version })
    expect((await TestReader.of(other, 'alice')).last('alice')).toMatchObject({ state: 'busy', version })
  })

  it('expires into what is derived', async () => {
    const site = presenceSite()
    const node = site.node()
    const reader = await TestReader.of(node, 'alice')
    await node.set('alice', BUSY)
    await reader.until('alice', { state: 'busy' })
    site.clock.skip(60_000)
    expect(await reader.until('alice', { state: 'offline' })).toMatchObject({ set: false, note: null })
  })

  it('of many that one user sets at once, the last one stays', async () => {
    const site = presenceSite()
    const node = site.node()
    const reader = await TestReader.of(node, 'alice')
    const states = ['busy', 'away', 'offline', 'available', 'do-not-disturb'] as const
    await Promise.all(states.map((state) => node.set('alice', { state, note: null, expiresIn: 60_000 })))
    await reader.until('alice', { state: 'do-not-disturb' })
    expect((await site.store.presenceOf(['alice'], 0))[0]?.row?.state).toBe('do-not-disturb')
  })

  it('is not heard any longer by one who reads no more', async () => {
    const node = presenceSite().node()
    const [gone, stays] = [await TestReader.of(node, 'alice', 'bob'), await TestReader.of(node, 'alice')]
    gone.reader.unwatch(['alice'])
    await node.set('alice', BUSY)
    await stays.until('alice', { state: 'busy' })
    gone.reader.close()
    stays.reader.close()
    expect(gone.last('alice')?.state).toBe('offline')
    expect(node.gauges.watched).toBe(0)
  })
})

describe('what is seen of a user', () => {
  it('a registration makes it available, until it ends by itself or is taken back', async () => {
    const site = presenceSite()
    const node = site.node()
    const reader = await TestReader.of(node, 'alice')
    const binding = someBinding({ user: 'alice', expiresAt: site.clock.now() + 3_600_000_000 })
    await site.store.writeBindings({ put: [binding], remove: [] })
    await site.bus.publish({ type: 'registered', binding })
    expect(await reader.until('alice', { registered: true })).toMatchObject({
      state: 'available',
      set: false,
    })
    await site.store.writeBindings({ put: [], remove: [binding.bindingId] })
    await site.bus.publish({ type: 'unregistered', user: 'alice' })
    await reader.until('alice', { registered: false, state: 'offline' })

    const brief = someBinding({ user: 'alice', expiresAt: site.clock.now() + 60_000_000 })
    await site.store.writeBindings({ put: [brief], remove: [] })
    await site.bus.publish({ type: 'registered', binding: brief })
    await reader.until('alice', { registered: true })
    site.clock.skip(60_000)
    await reader.until('alice', { registered: false })
  })

  it('a registration that is refreshed does not end with the one before', async () => {
    const site = presenceSite()
    const node = site.node()
    const reader = await TestReader.of(node, 'alice', 'bob')
    const binding = someBinding({ user: 'alice', expiresAt: site.clock.now() + 60_000_000 })
    const refreshed = { ...binding, expiresAt: site.clock.now() + 3_600_000_000 }
    await site.store.writeBindings({ put: [binding], remove: [] })
    await site.bus.publish({ type: 'registered', binding })
    await reader.until('alice', { registered: true })
    await site.store.writeBindings({ put: [refreshed], remove: [] })
    await site.bus.publish({ type: 'registered', binding: refreshed })
    await node.set('bob', BUSY)
    await reader.until('bob', { state: 'busy' })
    site.clock.skip(60_000)
    await reader.until('bob', { state: 'offline' })
    expect(reader.last('alice')?.registered).toBe(true)
  })

  it('a device that can be woken makes it available, until its token is retired', async () => {
    const site = presenceSite()
    const device = someDevice({ user: 'alice', push: PUSH })
    await site.store.putDevice(device)
    const reader = await TestReader.of(site.node(), 'alice')
    expect(reader.last('alice')).toMatchObject({ state: 'available', wakeable: true, registered: false })
    await site.store.retirePush(device.id, PUSH, 'gone', 1)
    await site.bus.publish({ type: 'device-retired', user: 'alice', deviceId: device.id, reason: 'gone' })
    await reader.until('alice', { state: 'offline', wakeable: false })
  })

  it('a call shows, beside the state', async () => {
    const site = presenceSite()
    const [here, there] = [site.node(), site.node()]
    const reader = await TestReader.of(there, 'alice')
    await here.set('alice', { ...BUSY, state: 'available' })
    here.inCall('alice', true)
    expect(await reader.until('alice', { inCall: true })).toMatchObject({ state: 'available', set: true })
    here.inCall('alice', false)
    await reader.until('alice', { inCall: false })
  })
})

describe('a user with a channel', () => {
  it('is available while it is heard of, and offline only some time after', async () => {
    const site = presenceSite()
    const [here, there] = [site.node(), site.node()]
    const reader = await TestReader.of(there, 'alice')
    here.present('alice')
    const came = await reader.until('alice', { state: 'available' })
    for (let n = 0; n < 10; n++) {
      site.clock.skip(60_000)
      here.present('alice')
      await here.set('bob', BUSY)
    }
    expect(reader.last('alice')).toEqual(came)
    site.clock.skip(150_000)
    const gone = await reader.until('alice', { state: 'offline' })
    expect(gone.version).toBeGreaterThan(came.version)
  })

  it('keeps a state without an expiry for as long as it is there, and no longer', async () => {
    const site = presenceSite()
    const node = site.node()
    const reader = await TestReader.of(node, 'alice')
    node.present('alice')
    await node.set('alice', { state: 'do-not-disturb', note: null, expiresIn: null })
    await reader.until('alice', { state: 'do-not-disturb' })
    site.clock.skip(150_000)
    await reader.until('alice', { state: 'offline', set: false })
  })
})

describe('without the database', () => {
  it('setting is refused, and readers keep what they know; what was missed is told when it is back', async () => {
    const site = presenceSite()
    const node = site.node()
    await node.set('alice', BUSY)
    const reader = await TestReader.of(node, 'alice')
    let away = true
    site.store.failWhile(() => away)
    await expect(node.set('alice', { ...BUSY, state: 'away' })).rejects.toThrow('away')
    expect(reader.last('alice')?.state).toBe('busy')
    node.inCall('alice', true)
    await expect
      .poll(() => site.log.at('warn').map(({ message }) => message))
      .toContain('presence is what it was: the database is away')
    away = false
    // Another node, whose word on the bus was lost.
    const [row] = await site.store.changePresence(
      [{ user: 'alice', set: { state: 'offline', note: null, expiresAt: null } }],
      site.clock.now(),
    )
    const last = await reader.until('alice', { state: 'offline', inCall: true })
    expect(last.version).toBeGreaterThanOrEqual(row?.version ?? Infinity)
  })

  it('who begins to read is told so, and told of the users when it is back', async () => {
    const site = presenceSite()
    const node = site.node()
    let away = true
    site.store.failWhile(() => away)
    const reader = new TestReader(node)
    await expect(reader.reader.watch(['alice'])).rejects.toThrow('away')
    expect(reader.heard).toEqual([])
    away = false
    await reader.until('alice', { state: 'offline' })
  })
})

describe('routing', () => {
  it('finds at once what it has rules for, and nothing of others', async () => {
    const site = presenceSite()
    const node = site.node()
    node.keep(['alice', 'bob'])
    await expect.poll(() => node.known('alice')?.state).toBe('offline')
    await site.node().set('alice', BUSY)
    await expect.poll(() => node.known('alice')?.state).toBe('busy')
    expect(node.known('carol')).toBeUndefined()
    node.keep(['bob'])
    expect(node.known('alice')).toBeUndefined()
    expect(node.known('bob')?.state).toBe('offline')
  })
})

describe('closing', () => {
  it('writes what was to be written, and leaves nothing running', async () => {
    const site = presenceSite()
    const node = site.node({ batchMs: 60_000 })
    const set = node.set('alice', BUSY)
    await node.close()
    await set
    expect((await site.store.presenceOf(['alice'], 0))[0]?.row?.state).toBe('busy')
  })
})
