import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ending } from '../../src/call/ending.js'
import { StoreConflict } from '../../src/ports/store.js'
import type { Binding, CallEventRecord, CallRecord, Device, Store } from '../../src/ports/store.js'

/** 2026-01-01, in microseconds. */
const NOW = Date.UTC(2026, 0, 1) * 1000

let serial = 0
/** A name that no other test uses: the tests of one suite share a store. */
export function fresh(name: string): string {
  serial += 1
  return `${name}-${String(serial)}`
}

export function someDevice(more: Partial<Device> = {}): Device {
  return {
    id: fresh('device'),
    user: fresh('user'),
    instance: 'urn:uuid:00000000-0000-1000-8000-000A95A0E128',
    push: { provider: 'acme', token: fresh('token'), param: 'team.app.voip' },
    createdAt: NOW + 1,
    seenAt: NOW + 123_456,
    retired: null,
    ...more,
  }
}

export function someBinding(more: Partial<Binding> = {}): Binding {
  return {
    bindingId: fresh('binding'),
    uri: 'sip:alice@10.1.2.3:5062;transport=tcp',
    flow: 'tcp/10.1.2.3:40123/abc',
    user: fresh('user'),
    deviceId: fresh('device'),
    instance: 'urn:uuid:1',
    regId: 1,
    callId: 'c1@10.1.2.3',
    cseq: 2_147_483_647,
    gateway: 'main',
    source: { protocol: 'tcp', address: '2001:db8::1', port: 40123 },
    q: 0.7,
    userAgent: 'Löwe "5" \\ 6',
    contactHeader: '<sip:alice@10.1.2.3:5062;transport=tcp>;q=0.7',
    registeredAt: NOW,
    expiresAt: NOW + 3_600_000_000,
    ...more,
  }
}

export function someCall(more: Partial<CallRecord> = {}): CallRecord {
  return {
    id: fresh('call'),
    startedAt: NOW + 7,
    answeredAt: null,
    endedAt: null,
    trunk: 'carrier',
    client: null,
    from: 'sip:+15550001@example.net',
    to: '+15550002',
    user: 'alice',
    ending: null,
    ...more,
  }
}

export function someEvent(callId: string, seq: number, more: Partial<CallEventRecord> = {}): CallEventRecord {
  return {
    callId,
    seq,
    at: NOW + seq,
    type: 'invited',
    data: { n: seq, nested: { list: [1, 'two', null] } },
    ...more,
  }
}

export interface StoreUnderTest {
  readonly store: Store
  /** The store as the same server opens it when it starts again, in place of this one. */
  restart(): Promise<Store>
  dispose(): Promise<void>
}

/** What every store does. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the store on ${name}`, () => {
    let subject: StoreUnderTest
    let store: Store
    beforeAll(async () => {
      subject = await open()
      store = subject.store
    })
    afterAll(() => subject.dispose())

    devicesContract(() => store)
    bindingsContract(() => store)
    registrationsContract(() => store)
    callsContract(() => store)
    tokenUsesContract(() => store)
    nodesContract(
      () => store,
      async () => {
        store = await subject.restart()
      },
    )

    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined()
    })
  })
}

function devicesContract(store: () => Store): void {
  it('gives a device back as it was put', async () => {
    const full = someDevice()
    const bare = someDevice({
      instance: null,
      push: null,
      retired: { at: NOW + 9, reason: '410 Unregistered' },
    })
    const paramless = someDevice({ push: { provider: 'fcm', token: fresh('token') } })
    for (const device of [full, bare, paramless]) {
      await store().putDevice(device)
      expect(await store().device(device.id)).toEqual(device)
    }
  })

  it('knows no device that was never put', async () => {
    expect(await store().device('nobody')).toBeNull()
    expect(await store().deviceByPush({ provider: 'acme', token: 'nobody' })).toBeNull()
    expect(await store().deviceByInstance('nobody', 'urn:uuid:1')).toBeNull()
    expect(await store().devicesOf('nobody')).toEqual([])
  })

  it('replaces a device that is put again', async () => {
    const device = someDevice()
    await store().putDevice(device)
    const moved = { ...someDevice({ user: fresh('user') }), id: device.id }
    await store().putDevice(moved)
    expect(await store().device(device.id)).toEqual(moved)
    expect(await store().devicesOf(device.user)).toEqual([])
  })

  it('knows how calls come to a device, and changes it for its user alone', async () => {
    const device = someDevice({ callsIn: true })
    await store().putDevice(device)
    expect(await store().device(device.id)).toEqual(device)
    await store().setCallsIn(device.id, 'somebody else', false)
    expect(await store().device(device.id)).toEqual(device)
    await store().setCallsIn(device.id, device.user, false)
    expect(await store().device(device.id)).not.toHaveProperty('callsIn')
    await store().setCallsIn(device.id, device.user, true)
    expect(await store().device(device.id)).toEqual(device)
  })

  it('lists the devices of one user only, and those of all', async () => {
    const user = fresh('user')
    const mine = [someDevice({ user }), someDevice({ user, instance: 'urn:uuid:2' })]
    const other = someDevice()
    for (const device of [...mine, other]) await store().putDevice(device)
    const listed = await store().devicesOf(user)
    expect(listed).toHaveLength(2)
    expect(listed).toEqual(expect.arrayContaining(mine))
    expect(await store().listDevices()).toEqual(expect.arrayContaining([...mine, other]))
  })

  it('finds a device by its push address, and only by the whole of it', async () => {
    const device = someDevice({ push: { provider: 'acme', token: fresh('token'), param: 'p' } })
    await store().putDevice(device)
    const token = device.push?.token ?? ''
    expect(await store().deviceByPush({ provider: 'acme', token, param: 'p' })).toEqual(device)
    expect(await store().deviceByPush({ provider: 'acme', token })).toBeNull()
    expect(await store().deviceByPush({ provider: 'acme', token, param: 'q' })).toBeNull()
    expect(await store().deviceByPush({ provider: 'fcm', token, param: 'p' })).toBeNull()
  })

  it('gives a push address to one device only, until that one gives it up', async () => {
    const push = { provider: 'acme', token: fresh('token') }
    const [before, after] = [someDevice({ push }), someDevice({ push, seenAt: NOW + 200_000 })]
    await store().putDevice(before)
    await expect(store().putDevice(after)).rejects.toBeInstanceOf(StoreConflict)
    expect(await store().device(after.id)).toBeNull()
    await store().putDevice({ ...before, push: null })
    await store().putDevice(after)
    expect(await store().deviceByPush(push)).toEqual(after)
    await expect(store().putDevice(before)).rejects.toBeInstanceOf(StoreConflict)
  })

  it('takes one token of two services, and of two apps, for different addresses', async () => {
    const token = fresh('token')
    const addresses = [
      { provider: 'acme', token },
      { provider: 'fcm', token },
      { provider: 'acme', token, param: 'a' },
      { provider: 'acme', token, param: 'b' },
    ]
    const devices = addresses.map((push) => someDevice({ push }))
    for (const device of devices) await store().putDevice(device)
    for (const device of devices) {
      expect(await store().deviceByPush(device.push ?? { provider: '', token: '' })).toEqual(device)
    }
  })

  it('takes a token of thousands of letters of any kind', async () => {
    const long = () =>
      Array.from({ length: 2048 }, () => 'ü\\✓7'.charAt(Math.floor(Math.random() * 4))).join('')
    const push = { provider: 'acme', token: fresh(long()), param: long() }
    const device = someDevice({ push })
    await store().putDevice(device)
    expect(await store().deviceByPush(push)).toEqual(device)
    expect(await store().retirePush(device.id, push, '410', NOW)).toBe(true)
  })

  it('finds a device by its instance within one user', async () => {
    const device = someDevice({ instance: 'urn:uuid:phone' })
    await store().putDevice(device)
    await store().putDevice(someDevice({ instance: 'urn:uuid:phone' }))
    expect(await store().deviceByInstance(device.user, 'urn:uuid:phone')).toEqual(device)
    expect(await store().deviceByInstance(device.user, 'urn:uuid:other')).toBeNull()
  })

  it('retires a push token once, and keeps the device', async () => {
    const device = someDevice()
    await store().putDevice(device)
    const push = device.push ?? { provider: '', token: '' }
    expect(await store().retirePush(device.id, push, '410', NOW + 5)).toBe(true)
    expect(await store().device(device.id)).toEqual({
      ...device,
      push: null,
      retired: { at: NOW + 5, reason: '410' },
    })
    expect(await store().deviceByPush(push)).toBeNull()
    expect(await store().retirePush(device.id, push, '410', NOW + 6)).toBe(false)
  })

  it('does not retire a token that the device has replaced meanwhile', async () => {
    const device = someDevice()
    await store().putDevice(device)
    const old = device.push ?? { provider: '', token: '' }
    const renewed = { ...device, push: { ...old, token: fresh('token') } }
    await store().putDevice(renewed)
    expect(await store().retirePush(device.id, old, '410', NOW)).toBe(false)
    expect(await store().device(device.id)).toEqual(renewed)
  })
}

function bindingsContract(store: () => Store): void {
  it('gives a binding back as it was written', async () => {
    const full = someBinding()
    const bare = someBinding({
      user: full.user,
      deviceId: null,
      instance: null,
      regId: null,
      userAgent: null,
    })
    await store().writeBindings({ put: [full, bare], remove: [] })
    const found = await store().bindingsOf(full.user, NOW)
    expect(found).toHaveLength(2)
    expect(found).toEqual(expect.arrayContaining([full, bare]))
  })

  it('knows the region of a binding and the last one of a device', async () => {
    const device = someDevice({ region: 'eu' })
    const binding = someBinding({ user: device.user, deviceId: device.id, region: 'eu' })
    await store().putDevice(device)
    await store().writeBindings({ put: [binding], remove: [] })
    expect(await store().device(device.id)).toEqual(device)
    expect(await store().bindingsOf(device.user, NOW)).toEqual([binding])
    await store().putDevice({ ...device, region: 'us' })
    expect((await store().devicesOf(device.user)).map(({ region }) => region)).toEqual(['us'])
  })

  it('lists, page by page, the devices that are registered in a region and can be pushed', async () => {
    const region = fresh('region')
    const put = async (
      id: string,
      device: Partial<Device>,
      binding: Partial<Binding> = {},
    ): Promise<Device> => {
      const made = someDevice({ id: `${region}-${id}`, ...device })
      await store().putDevice(made)
      await store().writeBindings({
        put: [someBinding({ user: made.user, deviceId: made.id, region, ...binding })],
        remove: [],
      })
      return made
    }
    const [a, b, c] = [await put('a', {}), await put('b', {}), await put('c', {})]
    await put('d', { push: null })
    await put('e', {}, { expiresAt: NOW })
    await put('f', {}, { region: fresh('region') })
    expect(await store().devicesIn(region, NOW, '', 2)).toEqual([a, b])
    expect(await store().devicesIn(region, NOW, b.id, 2)).toEqual([c])
    expect(await store().devicesIn(region, NOW, c.id, 2)).toEqual([])
  })

  it('puts and removes bindings together', async () => {
    const user = fresh('user')
    const [old, kept, added] = [someBinding({ user }), someBinding({ user }), someBinding({ user })]
    await store().writeBindings({ put: [old, kept], remove: [] })
    const refreshed = { ...kept, cseq: 8, expiresAt: kept.expiresAt + 1 }
    await store().writeBindings({ put: [added, refreshed], remove: [old.bindingId, 'never-there'] })
    const found = await store().bindingsOf(user, NOW)
    expect(found).toHaveLength(2)
    expect(found).toEqual(expect.arrayContaining([added, refreshed]))
  })

  it('removes bindings without putting any', async () => {
    const binding = someBinding()
    await store().writeBindings({ put: [binding], remove: [] })
    await store().writeBindings({ put: [], remove: [binding.bindingId] })
    await store().writeBindings({ put: [], remove: [] })
    expect(await store().bindingsOf(binding.user, NOW)).toEqual([])
  })

  it('hides a binding from the moment that it expires', async () => {
    const binding = someBinding()
    await store().writeBindings({ put: [binding], remove: [] })
    expect(await store().bindingsOf(binding.user, binding.expiresAt - 1)).toEqual([binding])
    expect(await store().bindingsOf(binding.user, binding.expiresAt)).toEqual([])
  })

  it('drops expired bindings, and none that lives', async () => {
    const user = fresh('user')
    const dead = [1000, 2000].map((expiresAt) => someBinding({ user, expiresAt }))
    const alive = someBinding({ user, expiresAt: 2001 })
    await store().writeBindings({ put: [...dead, alive], remove: [] })
    expect(await store().dropExpired(2000)).toBe(2)
    expect(await store().bindingsOf(user, 0)).toEqual([alive])
    expect(await store().dropExpired(2000)).toBe(0)
  })
}

function registrationsContract(store: () => Store): void {
  it('knows all that a REGISTER is decided on: the user’s own, and who has the push addresses', async () => {
    const [mine, theirs] = [someDevice(), someDevice()]
    const bindings = [mine, theirs].map(({ id, user }) => someBinding({ user, deviceId: id }))
    const [own, foreign] = bindings
    const dead = someBinding({ user: mine.user, deviceId: mine.id, expiresAt: NOW })
    const unrelated = someBinding({ user: theirs.user, deviceId: null })
    await store().register({
      retire: [],
      devices: [mine, theirs],
      put: [...bindings, dead, unrelated],
      remove: [],
    })
    const pushes = [mine.push, theirs.push].filter((push) => push !== null)
    const found = await store().registrations(
      mine.user,
      [...pushes, { provider: 'acme', token: 'nobody' }],
      NOW,
    )
    expect(found).toMatchObject({ bindings: [own], devices: [mine], foreignBindings: [foreign] })
    expect(found.owners).toHaveLength(2)
    expect(found.owners).toEqual(expect.arrayContaining([mine, theirs]))
    const nothing = { bindings: [], devices: [], owners: [], foreignBindings: [] }
    expect(await store().registrations(fresh('user'), [], NOW)).toEqual(nothing)
  })

  it('moves a push address and its registrations from one device to another by one REGISTER', async () => {
    const push = { provider: 'acme', token: fresh('token') }
    const [before, after] = [someDevice({ push }), someDevice({ push })]
    const [old, made] = [before, after].map(({ id, user }) => someBinding({ user, deviceId: id }))
    if (old === undefined || made === undefined) throw new Error('no bindings')
    await store().register({ retire: [], devices: [before], put: [old], remove: [] })
    const change = { devices: [after], put: [made], remove: [old.bindingId] }
    await expect(store().register({ ...change, retire: [] })).rejects.toBeInstanceOf(StoreConflict)
    expect(await store().bindingsOf(before.user, NOW)).toEqual([old])
    const retire = [{ deviceId: before.id, push, reason: 'registered anew', at: NOW }]
    await store().register({ ...change, retire })
    expect(await store().device(before.id)).toMatchObject({
      push: null,
      retired: { reason: 'registered anew' },
    })
    expect(await store().deviceByPush(push)).toEqual(after)
    expect(await store().bindingsOf(before.user, NOW)).toEqual([])
    expect(await store().bindingsOf(after.user, NOW)).toEqual([made])
  })
}

function callsContract(store: () => Store): void {
  it('gives a call back with its events in their order', async () => {
    const call = someCall()
    const events = [2, 0, 1].map((seq) => someEvent(call.id, seq))
    const bare = someEvent(call.id, 3, { data: null })
    await store().saveCalls([call], [...events, bare, someEvent(fresh('call'), 0)])
    expect(await store().call(call.id)).toEqual({
      call,
      events: [events[1], events[2], events[0], bare],
    })
    expect(await store().call('never-there')).toBeNull()
  })

  it('takes a later state of a call in place of the former', async () => {
    const call = someCall({ user: null })
    const ended = {
      ...call,
      user: 'alice',
      answeredAt: NOW + 20,
      endedAt: NOW + 30,
      ending: ending('hung-up', 'caller', { reason: 'Q.850;cause=16', detail: 'Grüße' }),
    }
    await store().saveCalls([call], [])
    await store().saveCalls([ended], [])
    expect(await store().call(call.id)).toEqual({ call: ended, events: [] })
  })

  it('takes the last state of a call that is twice in one batch', async () => {
    const call = someCall()
    const ended = { ...call, endedAt: NOW + 30, ending: ending('cancelled', 'caller') }
    await store().saveCalls([call, ended], [])
    expect((await store().call(call.id))?.call).toEqual(ended)
  })

  it('takes a batch again without failing and without doubling anything', async () => {
    const calls = [someCall(), someCall()]
    const events = calls.flatMap((call) => [someEvent(call.id, 0), someEvent(call.id, 1)])
    await store().saveCalls(calls, events)
    await store().saveCalls(calls, events)
    await store().saveCalls(calls, [...events, ...events])
    for (const call of calls) expect((await store().call(call.id))?.events).toHaveLength(2)
  })

  it('takes a batch of thousands of rows', async () => {
    const call = someCall()
    const events = Array.from({ length: 2_000 }, (_, seq) => someEvent(call.id, seq))
    await store().saveCalls([call], events)
    expect((await store().call(call.id))?.events).toHaveLength(2_000)
  })

  it('takes events before the row of their call', async () => {
    const call = someCall()
    await store().saveCalls([], [someEvent(call.id, 0)])
    await store().saveCalls([call], [])
    expect((await store().call(call.id))?.events).toHaveLength(1)
  })

  it('lists the newest calls first, and no more than were asked for', async () => {
    const later = NOW + 1_000_000_000
    const calls = [1, 3, 2].map((n) => someCall({ startedAt: later + n }))
    await store().saveCalls(calls, [])
    const recent = await store().recentCalls(2)
    expect(recent).toEqual([calls[1], calls[2]])
  })
}

function tokenUsesContract(store: () => Store): void {
  it('lets a token be used once for a purpose', async () => {
    const [jti, other] = [fresh('jti'), fresh('jti')]
    expect(await store().use(jti, 'invite', NOW)).toBe(true)
    expect(await store().use(jti, 'invite', NOW)).toBe(false)
    expect(await store().use(jti, 'register', NOW)).toBe(true)
    expect(await store().use(other, 'invite', NOW)).toBe(true)
  })

  it('lets the holder who was first use a token again, and nobody else', async () => {
    const jti = fresh('jti')
    expect(await store().use(jti, 'register', NOW, 'tcp/1')).toBe(true)
    expect(await store().use(jti, 'register', NOW, 'tcp/2')).toBe(false)
    expect(await store().use(jti, 'register', NOW)).toBe(false)
    expect(await store().use(jti, 'register', NOW, 'tcp/1')).toBe(true)
    expect(await store().use(jti, 'invite', NOW)).toBe(true)
    expect(await store().use(jti, 'invite', NOW, 'tcp/1')).toBe(false)
  })

  it('lets one of many use a token who come at the same moment', async () => {
    const jti = fresh('jti')
    const holders = Array.from({ length: 20 }, (_, n) => `flow-${String(n)}`)
    const taken = await Promise.all(holders.map((holder) => store().use(jti, 'register', NOW, holder)))
    expect(taken.filter((first) => first)).toHaveLength(1)
  })

  it('forgets the uses of tokens that have expired, and of no others', async () => {
    const [dead, alive] = [fresh('jti'), fresh('jti')]
    await store().use(dead, 'invite', 1000)
    await store().use(alive, 'invite', 1001)
    expect(await store().dropUses(1000)).toBe(1)
    expect(await store().dropUses(1000)).toBe(0)
    expect(await store().use(alive, 'invite', 1001)).toBe(false)
    expect(await store().use(dead, 'invite', 1000)).toBe(true)
  })
}

function nodesContract(store: () => Store, restart: () => Promise<void>): void {
  const interrupted = ending('interrupted', 'server', { detail: 'the server died' })

  it('leaves the calls of a server that lives alone', async () => {
    const open = someCall()
    await store().beat()
    await store().saveCalls([open], [])
    await store().beat()
    expect(await store().endInterrupted(interrupted, NOW + 50)).not.toContain(open.id)
    expect((await store().call(open.id))?.call).toEqual(open)
  })

  it('gives calls without an ending the one that a restart has for them, once', async () => {
    const open = [someCall(), someCall()]
    const done = someCall({ endedAt: NOW + 1, ending: ending('busy', 'callee') })
    await store().beat()
    await store().saveCalls([...open, done], [])
    await restart()
    await store().beat()
    const ids = await store().endInterrupted(interrupted, NOW + 50)
    expect(ids).toEqual(expect.arrayContaining(open.map((call) => call.id)))
    expect(ids).not.toContain(done.id)
    for (const call of open) {
      expect((await store().call(call.id))?.call).toEqual({ ...call, endedAt: NOW + 50, ending: interrupted })
    }
    expect((await store().call(done.id))?.call).toEqual(done)
    expect(await store().endInterrupted(interrupted, NOW + 60)).toEqual([])
  })

  it('keeps its secrets over a restart, and each for itself', async () => {
    const name = fresh('secret')
    const [one, again] = await Promise.all([store().secret(name), store().secret(name)])
    expect(one).toHaveLength(32)
    expect(again).toEqual(one)
    expect(await store().secret(fresh('secret'))).not.toEqual(one)
    await restart()
    expect(await store().secret(name)).toEqual(one)
  })
}
