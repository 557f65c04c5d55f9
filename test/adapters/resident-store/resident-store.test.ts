import { describe, expect, it } from 'vitest'
import { residentStore, type ResidentLimits } from '../../../src/adapters/resident-store/index.js'
import type { Store } from '../../../src/ports/store.js'
import { StoreConflict, StoreUnavailable } from '../../../src/ports/store.js'
import { fresh, someBinding, someDevice } from '../../contract/store.contract.js'
import { FakeClock } from '../../support/fake-clock.js'
import { RecordingLog } from '../../wake/recording-log.js'
import { Disk, Life } from './backing.js'

const NOW = Date.UTC(2026, 0, 1) * 1000

function open(disk = new Disk(), limits: Partial<ResidentLimits> = {}) {
  const [clock, log, life] = [new FakeClock(NOW), new RecordingLog(), new Life(disk)]
  const store: Store = residentStore(life.store, { clock, log, limits: { writeBehindMs: 200, ...limits } })
  return { store, disk, clock, log, life }
}

/** A user with a device that can be woken, in the database and in memory. */
async function withDevice(more: ReturnType<typeof open> = open()) {
  const device = someDevice()
  await more.store.putDevice(device)
  const binding = someBinding({ user: device.user, deviceId: device.id })
  return { ...more, device, binding }
}

/** Until what was begun has come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

describe('what is asked', () => {
  it('is read once, whoever asks, and never again: not what is not there either', async () => {
    const { store, disk } = open()
    const [device, other] = [someDevice(), someDevice()]
    disk.devices.set(device.id, device)
    await Promise.all([
      store.devicesOf(device.user),
      store.bindingsOf(device.user, NOW),
      store.device(device.id),
    ])
    expect(disk.reads).toBe(1)
    expect(await store.deviceByInstance(device.user, device.instance ?? '')).toEqual(device)
    expect(await store.deviceByPush(device.push ?? { provider: '', token: '' })).toEqual(device)
    expect(await store.devicesOf(other.user)).toEqual([])
    expect(await store.devicesOf(other.user)).toEqual([])
    expect(disk.reads).toBe(2)
  })

  it('is read together where many ask at once', async () => {
    const { store, disk } = open()
    await Promise.all(Array.from({ length: 50 }, () => store.devicesOf(fresh('user'))))
    expect(disk.reads).toBe(1)
  })

  it('gives way to what is asked later, and is read again then', async () => {
    const { store, disk } = open(new Disk(), { users: 2 })
    const device = someDevice()
    disk.devices.set(device.id, device)
    for (const user of [device.user, 'b', 'c']) await store.devicesOf(user)
    expect(await store.device(device.id)).toEqual(device)
    expect(disk.reads).toBe(4)
  })

  it('stays while it waits to be written, however many others come', async () => {
    const { store, disk, binding } = await withDevice(open(new Disk(), { users: 2 }))
    await store.writeBindings({ put: [binding], remove: [] })
    const before = disk.reads
    for (const user of ['b', 'c', 'd', 'e']) await store.devicesOf(user)
    expect(await store.bindingsOf(binding.user, NOW)).toEqual([binding])
    expect(disk.reads).toBe(before + 4)
  })

  it('stays also where what waits is that something goes: nobody is seen as registered who is not', async () => {
    const { store, clock, binding } = await withDevice(open(new Disk(), { users: 2 }))
    await store.writeBindings({ put: [binding], remove: [] })
    clock.advance(200)
    await settled()
    await store.writeBindings({ put: [], remove: [binding.bindingId] })
    for (const user of ['b', 'c', 'd', 'e']) await store.devicesOf(user)
    const [facts] = await store.presenceOf([binding.user], NOW)
    expect(facts).toMatchObject({ registeredUntil: null, wakeable: true })
  })
})

describe('what must not be lost', () => {
  it('is written when the promise resolves: a device, and its push address', async () => {
    const { store, disk, device } = await withDevice()
    expect(disk.devices.get(device.id)).toEqual(device)
    const renewed = { ...device, push: { provider: 'acme', token: fresh('token') } }
    await store.putDevice(renewed)
    expect(disk.devices.get(device.id)).toEqual(renewed)
    await store.setCallsIn(device.id, device.user, true)
    expect(disk.devices.get(device.id)?.callsIn).toBe(true)
    expect(await store.retirePush(device.id, renewed.push, '410', NOW)).toBe(true)
    expect(disk.devices.get(device.id)?.push).toBeNull()
  })

  it('is written when the promise resolves: the binding of a phone that no push can wake, and its removal', async () => {
    const { store, disk } = open()
    const binding = someBinding({ deviceId: null })
    await store.writeBindings({ put: [binding], remove: [] })
    expect(disk.bindings.get(binding.bindingId)).toEqual(binding)
    await store.writeBindings({ put: [], remove: [binding.bindingId] })
    expect(disk.bindings.size).toBe(0)
  })

  it('is written first also where what could wait is changed with it', async () => {
    const { store, disk, device } = await withDevice()
    const renewed = { ...device, push: { provider: 'acme', token: fresh('token') } }
    const both = [store.putDevice(renewed), store.putDevice({ ...renewed, seenAt: NOW + 9 })]
    await both[0]
    expect(disk.devices.get(device.id)?.push).toEqual(renewed.push)
    await both[1]
  })

  it('is written with the end of the push address that could have brought it back', async () => {
    const { store, disk, device, binding } = await withDevice()
    await store.writeBindings({ put: [binding], remove: [] })
    expect(disk.bindings.size).toBe(0)
    await store.retirePush(device.id, device.push ?? { provider: '', token: '' }, '410', NOW)
    expect([...disk.bindings.keys()]).toEqual([binding.bindingId])
  })

  it('is written together where many write at once', async () => {
    const { store, disk } = open()
    await Promise.all(Array.from({ length: 50 }, () => store.putDevice(someDevice())))
    expect(disk.devices.size).toBe(50)
    expect(disk.writes.length).toBeLessThan(3)
  })

  it('is not written again where nothing has changed', async () => {
    const { store, disk, device } = await withDevice()
    await store.putDevice(device)
    await store.setCallsIn(device.id, device.user, false)
    expect(disk.writes).toHaveLength(1)
  })
})

describe('what a push can bring back', () => {
  it('is seen at once, and written a moment later, all in one', async () => {
    const { store, disk, clock, device, binding } = await withDevice()
    await store.writeBindings({ put: [binding], remove: [] })
    await store.putDevice({ ...device, seenAt: NOW + 5, region: 'eu' })
    expect(await store.bindingsOf(device.user, NOW)).toEqual([binding])
    expect((await store.device(device.id))?.seenAt).toBe(NOW + 5)
    await settled()
    expect(disk.bindings.size).toBe(0)
    clock.advance(200)
    await settled()
    expect(disk.bindings.get(binding.bindingId)).toEqual(binding)
    expect(disk.devices.get(device.id)).toMatchObject({ seenAt: NOW + 5, region: 'eu' })
    expect(disk.writes).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })

  it('costs nothing where it is gone before it is written', async () => {
    const { store, disk, clock, binding } = await withDevice()
    await store.writeBindings({ put: [binding], remove: [] })
    await store.writeBindings({ put: [], remove: [binding.bindingId] })
    clock.advance(1000)
    await settled()
    expect(disk.writes).toHaveLength(1)
  })

  it('is removed where it goes while it is being written', async () => {
    const { store, disk, clock, binding } = await withDevice()
    await store.writeBindings({ put: [binding], remove: [] })
    clock.advance(200)
    await Promise.resolve()
    await store.writeBindings({ put: [], remove: [binding.bindingId] })
    await settled()
    clock.advance(200)
    await settled()
    expect(disk.bindings.size).toBe(0)
  })

  it('is written at the end', async () => {
    const { store, disk, clock, binding } = await withDevice()
    await store.writeBindings({ put: [binding], remove: [] })
    await store.use('jti', 'invite', NOW + 1)
    await store.close()
    expect(disk.bindings.size).toBe(1)
    expect(disk.uses.size).toBe(1)
    expect(clock.pending).toBe(0)
    await expect(store.devicesOf(binding.user)).rejects.toBeInstanceOf(StoreUnavailable)
  })

  it('is refused, or written, where the end comes in between', async () => {
    const { store, disk } = open()
    const used = store.use('jti', 'invite', NOW + 1).catch((error: unknown) => error)
    await store.close()
    if ((await used) === true) expect(disk.uses.size).toBe(1)
    else expect(await used).toBeInstanceOf(StoreUnavailable)
  })

  it('is written with the rest where the device is new, and before it is acknowledged', async () => {
    const { store, disk } = open()
    const device = someDevice()
    const binding = someBinding({ user: device.user, deviceId: device.id })
    const both = [store.putDevice(device), store.writeBindings({ put: [binding], remove: [] })]
    await Promise.all(both)
    expect(disk.bindings.size).toBe(1)
  })
})

describe('a push address', () => {
  it('goes from device to device in one moment, also crosswise, and to one of two who want it', async () => {
    const { store, disk } = open()
    const [p1, p2] = [
      { provider: 'acme', token: fresh('token') },
      { provider: 'acme', token: fresh('token') },
    ]
    const [a, b] = [someDevice({ push: p1 }), someDevice({ push: p2 })]
    await Promise.all([store.putDevice(a), store.putDevice(b)])
    await Promise.all([
      store.retirePush(a.id, p1, 'moved', NOW),
      store.retirePush(b.id, p2, 'moved', NOW),
      store.putDevice({ ...a, push: p2 }),
      store.putDevice({ ...b, push: p1 }),
    ])
    expect([disk.devices.get(a.id)?.push, disk.devices.get(b.id)?.push]).toEqual([p2, p1])
    const push = { provider: 'acme', token: fresh('token') }
    const taken = await Promise.allSettled(
      [someDevice({ push }), someDevice({ push })].map((one) => store.putDevice(one)),
    )
    expect(taken.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(taken[1]).toMatchObject({ reason: expect.any(StoreConflict) as unknown })
  })

  it('is found to be taken where its owner is not in memory', async () => {
    const { store, disk } = open()
    const owner = someDevice()
    disk.devices.set(owner.id, owner)
    await expect(store.putDevice(someDevice({ push: owner.push }))).rejects.toBeInstanceOf(StoreConflict)
    expect(disk.writes).toEqual([])
  })
})

describe('a database in trouble', () => {
  it('keeps what waits, tells it once, and writes it when it is back', async () => {
    const { store, disk, clock, log, binding } = await withDevice()
    disk.writesFail = true
    await store.writeBindings({ put: [binding], remove: [] })
    for (let turn = 0; turn < 5; turn += 1) {
      clock.advance(5000)
      await settled()
    }
    expect(await store.bindingsOf(binding.user, NOW)).toEqual([binding])
    expect(log.at('error')).toHaveLength(1)
    await expect(store.ping()).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(store.putDevice(someDevice())).rejects.toBeInstanceOf(StoreUnavailable)
    disk.writesFail = false
    clock.advance(5000)
    await settled()
    expect(disk.bindings.size).toBe(1)
    await expect(store.ping()).resolves.toBeUndefined()
    expect(log.at('info')).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  it('takes no more than may wait', async () => {
    const { store, disk, device } = await withDevice(open(new Disk(), { pendingRows: 2 }))
    disk.writesFail = true
    const register = () =>
      store.writeBindings({ put: [someBinding({ user: device.user, deviceId: device.id })], remove: [] })
    await register()
    await register()
    await expect(register()).rejects.toBeInstanceOf(StoreUnavailable)
    expect(await store.bindingsOf(device.user, NOW)).toHaveLength(2)
  })

  it('says at the end what it could not write', async () => {
    const { store, disk, log, binding } = await withDevice()
    await store.writeBindings({ put: [binding], remove: [] })
    disk.writesFail = true
    await store.close()
    expect(log.at('error').at(-1)).toMatchObject({ fields: { rows: 1 } })
  })

  it('lets only those suffer whose own rows it refuses', async () => {
    const { store, disk, clock, log, device, binding } = await withDevice()
    const bad = someBinding({ deviceId: null })
    disk.refuses = (row) => row.user === bad.user
    await store.writeBindings({ put: [binding], remove: [] })
    const good = someDevice()
    const done = await Promise.allSettled([
      store.writeBindings({ put: [bad], remove: [] }),
      store.putDevice(good),
    ])
    expect(done.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    clock.advance(200)
    await settled()
    expect([...disk.bindings.keys()]).toEqual([binding.bindingId])
    expect(disk.devices.has(good.id)).toBe(true)
    expect(await store.bindingsOf(bad.user, NOW)).toEqual([])
    expect(await store.bindingsOf(device.user, NOW)).toEqual([binding])
    expect(log.at('error')).toHaveLength(1)
  })

  it('tells everybody who waits for a row that it refuses, also who came while it was being written', async () => {
    for (let turns = 0; turns < 8; turns += 1) {
      const { store, disk } = open()
      const bad = someDevice()
      disk.refuses = (row) => row.user === bad.user
      const first = store.putDevice(bad)
      const told = expect(first).rejects.toThrow('refused for what it is')
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      await expect(store.putDevice(bad)).rejects.toThrow('refused for what it is')
      await told
      expect(disk.devices.size).toBe(0)
    }
  })

  it('is asked again for the uses of tokens where it did not answer', async () => {
    const { store, disk } = open()
    disk.readsFail = true
    await expect(store.use('jti', 'invite', NOW)).rejects.toBeInstanceOf(StoreUnavailable)
    disk.readsFail = false
    disk.uses.set('invite jti', { jti: 'jti', purpose: 'invite', holder: null, expiresAt: NOW })
    expect(await store.use('jti', 'invite', NOW)).toBe(false)
  })
})
