import { describe, expect, it } from 'vitest'
import { Harness } from './harness.js'
import type { Device } from '../../src/ports/store.js'
import { FakeStore } from '../support/fake-store.js'

const ALICE = '<sip:alice@h1;pn-provider=acme;pn-prid=T1>'
const BOB = '<sip:bob@h2;pn-provider=acme;pn-prid=T1>'

/** A store in which another node writes just before a device is written here. */
class ContendedStore extends FakeStore {
  readonly interventions: (() => Promise<void>)[] = []

  override async putDevice(device: Device): Promise<void> {
    await this.interventions.shift()?.()
    return super.putDevice(device)
  }
}

describe('two nodes on one store', () => {
  it('leave a push address that both register at once to one device, the one that was later', async () => {
    const store = new ContendedStore()
    const [here, there] = [new Harness({ store }), new Harness({ store, ids: () => `there-${++made}` })]
    let made = 0
    store.interventions.push(async () => {
      expect((await there.register({ user: 'bob', contact: BOB })).status).toBe(200)
    })
    expect((await here.register({ user: 'alice', contact: ALICE })).status).toBe(200)

    const owner = await store.deviceByPush({ provider: 'acme', token: 'T1' })
    expect(owner?.user).toBe('alice')
    const [bobs] = await store.devicesOf('bob')
    expect(bobs).toMatchObject({ push: null, retired: { reason: 'registered anew' } })
    expect(await store.bindingsOf('bob', here.clock.now())).toEqual([])
    expect(here.published.map(({ type }) => type)).toEqual(['unregistered', 'device-retired', 'registered'])
  })

  it('forget no registration of the former owner of a push address because another node interfered', async () => {
    const store = new ContendedStore()
    const harness = new Harness({ store })
    expect((await harness.register({ user: 'bob', contact: BOB })).status).toBe(200)
    harness.published.length = 0
    const rival = { id: 'rival', user: 'bob', instance: null, createdAt: 1, seenAt: 1, retired: null }
    store.interventions.push(() =>
      FakeStore.prototype.putDevice.call(store, { ...rival, push: { provider: 'acme', token: 'T1' } }),
    )
    expect((await harness.register({ user: 'alice', contact: ALICE })).status).toBe(200)
    expect(await store.bindingsOf('bob', harness.clock.now())).toEqual([])
    expect(await store.bindingsOf('alice', harness.clock.now())).toHaveLength(1)
    expect((await store.deviceByPush({ provider: 'acme', token: 'T1' }))?.user).toBe('alice')
    expect(harness.published.map(({ type }) => type)).toEqual([
      'unregistered',
      'device-retired',
      'device-retired',
      'registered',
    ])
  })

  it('ask a phone to come again where it cannot be settled', async () => {
    const store = new ContendedStore()
    const harness = new Harness({ store })
    let n = 0
    const snatch = async (): Promise<void> => {
      const before = await store.deviceByPush({ provider: 'acme', token: 'T1' })
      if (before) await store.retirePush(before.id, { provider: 'acme', token: 'T1' }, 'moved', 1)
      const device = {
        id: `other-${++n}`,
        user: 'bob',
        instance: null,
        createdAt: 1,
        seenAt: 1,
        retired: null,
      }
      await FakeStore.prototype.putDevice.call(store, { ...device, push: { provider: 'acme', token: 'T1' } })
    }
    store.interventions.push(snatch, snatch, snatch, snatch)
    const answer = await harness.register({ contact: ALICE })
    expect(answer.status).toBe(503)
    expect(answer.header('Retry-After')).toBe('5')
    expect(harness.published).toEqual([])
    expect((await harness.register({ contact: ALICE })).status).toBe(200)
  })

  it('let a phone answer at one node what the other challenged', async () => {
    const store = new FakeStore()
    const nonceSecret = await store.secret('digest')
    const [here, there] = [new Harness({ store, nonceSecret }), new Harness({ store, nonceSecret })]
    const authorization = [await here.authorization({ contact: ALICE })]
    expect((await there.send({ contact: ALICE, authorization })).status).toBe(200)
    expect((await there.send({ contact: ALICE, authorization })).status).toBe(401)
  })
})
