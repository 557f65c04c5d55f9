import { describe, expect, it } from 'vitest'
import { FakeStore } from '../support/fake-store.js'
import { Harness } from './harness.js'

const APP =
  '<sip:alice@10.0.0.1:5060;pn-provider=acme;pn-prid=token-1;pn-param=app>;+sip.instance="<urn:x:1>"'
const PLAIN = '<sip:alice@10.0.0.2:5060>;+sip.instance="<urn:x:1>"'

/** A registrar whose gateway is in this region. */
function inRegion(region: string | undefined, store?: FakeStore): Harness {
  return new Harness({ regionOf: () => region, ...(store ? { store } : {}) })
}

async function regionOfDevice(harness: Harness): Promise<string | undefined> {
  const [device] = await harness.store.devicesOf('alice')
  if (device === undefined) throw new Error('alice has no device')
  return device.region
}

describe('a REGISTER by a gateway of a region', () => {
  it('is of that region, and so is its device', async () => {
    const harness = inRegion('eu')
    await harness.register({ contact: APP })
    expect(await harness.bindings()).toMatchObject([{ gateway: 'edge-1', region: 'eu' }])
    expect(await regionOfDevice(harness)).toBe('eu')
  })

  it('moves its device to another region, with and without push parameters', async () => {
    const store = new FakeStore()
    const before = inRegion('eu', store)
    await before.register({ contact: APP })
    const after = inRegion('us', store)
    await after.register({ contact: APP, callId: 'c2' })
    expect(await regionOfDevice(after)).toBe('us')
    await inRegion('ap', store).register({ contact: PLAIN, callId: 'c3' })
    expect(await regionOfDevice(after)).toBe('ap')
    expect(await store.deviceByPush({ provider: 'acme', token: 'token-1', param: 'app' })).not.toBeNull()
  })

  it('leaves its device where it was last once the registration has expired', async () => {
    const harness = inRegion('eu')
    await harness.register({ contact: APP, expires: 60 })
    harness.clock.advance(61_000)
    await harness.registrar.forgetExpired()
    expect(await harness.bindings()).toEqual([])
    expect(await regionOfDevice(harness)).toBe('eu')
  })

  it('says nothing of a region where its gateway has none', async () => {
    const harness = inRegion(undefined)
    await harness.register({ contact: APP })
    expect((await harness.bindings())[0]).not.toHaveProperty('region')
    expect(await regionOfDevice(harness)).toBeUndefined()
  })
})
