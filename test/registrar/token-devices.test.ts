import { describe, expect, it } from 'vitest'
import type { Device } from '../../src/ports/store.js'
import { Harness, TCP, type RegisterSpec } from './harness.js'

const INSTANCE = ';+sip.instance="<urn:x:1>"'
const PLAIN = '<sip:alice@10.0.0.1;transport=tcp>'

/** A device as `PUT /v1/devices/{id}` makes it: its push token never was in SIP. */
async function put(harness: Harness, more: Partial<Device> = {}): Promise<Device> {
  const now = harness.clock.now()
  const device: Device = {
    ...{ id: 'phone', user: 'alice', instance: null, createdAt: now, seenAt: now, retired: null },
    push: { provider: 'apns', token: `T-${more.id ?? 'phone'}` },
    ...more,
  }
  await harness.store.putDevice(device)
  return device
}

async function withToken(harness: Harness, deviceId: string, more: RegisterSpec): Promise<RegisterSpec> {
  return { source: TCP, authorization: [await harness.callToken(deviceId)], ...more }
}

const devicesOf = async (harness: Harness) => (await harness.bindings()).map(({ deviceId }) => deviceId)

describe('a device whose push token is kept out of SIP', () => {
  it.each([
    ['neither push parameters nor an instance', PLAIN],
    ['an instance that was never heard of', PLAIN + INSTANCE],
  ])(
    'is the one that a REGISTER with its call token and %s binds, and keeps its push token',
    async (_name, contact) => {
      const harness = new Harness()
      const device = await put(harness)
      expect((await harness.send(await withToken(harness, 'phone', { contact }))).status).toBe(200)
      expect(await devicesOf(harness)).toEqual(['phone'])
      expect(await harness.store.listDevices()).toEqual([device])
      expect(harness.published.map(({ type }) => type)).toEqual(['registered'])
    },
  )

  it('is the one that a REGISTER with its instance and a password binds', async () => {
    const harness = new Harness()
    const device = await put(harness, { instance: 'urn:x:1' })
    expect((await harness.register({ contact: PLAIN + INSTANCE })).status).toBe(200)
    expect(await devicesOf(harness)).toEqual(['phone'])
    expect(await harness.store.listDevices()).toEqual([device])
  })

  it('is the one that a client token of it binds', async () => {
    const harness = new Harness()
    await put(harness)
    const authorization = [await harness.clientToken('alice', { deviceId: 'phone' })]
    expect((await harness.send({ contact: PLAIN, authorization })).status).toBe(200)
    expect(await devicesOf(harness)).toEqual(['phone'])
  })

  it.each([
    ['without an instance', PLAIN],
    ['with one', PLAIN + INSTANCE],
  ])('stays bound when its app refreshes with a password, %s', async (_name, contact) => {
    const harness = new Harness()
    await put(harness)
    await harness.send(await withToken(harness, 'phone', { contact }))
    expect((await harness.register({ contact, source: TCP })).status).toBe(200)
    expect(await devicesOf(harness)).toEqual(['phone'])
    expect(await harness.bindings()).toHaveLength(1)
  })

  it('leaves its old network behind: one device has one binding', async () => {
    const harness = new Harness()
    await put(harness)
    await harness.send(await withToken(harness, 'phone', { contact: '<sip:alice@wifi>', callId: 'a' }))
    await harness.send(await withToken(harness, 'phone', { contact: '<sip:alice@mobile>', callId: 'b' }))
    expect((await harness.bindings()).map(({ uri }) => uri)).toEqual(['sip:alice@mobile'])
  })

  it('keeps its push token when it un-registers in SIP', async () => {
    const harness = new Harness()
    const device = await put(harness)
    const spec = await withToken(harness, 'phone', { contact: PLAIN })
    await harness.send(spec)
    expect((await harness.send({ ...spec, expires: 0 })).status).toBe(200)
    expect(await harness.bindings()).toEqual([])
    expect(await harness.store.listDevices()).toEqual([device])
  })

  it('takes the push address that its app gives in SIP after all', async () => {
    const harness = new Harness()
    await put(harness)
    const contact = '<sip:alice@h;pn-provider=acme;pn-prid=NEW>'
    expect((await harness.send(await withToken(harness, 'phone', { contact }))).status).toBe(200)
    expect(await harness.store.listDevices()).toMatchObject([{ id: 'phone', push: { token: 'NEW' } }])
    expect(harness.published.map(({ type }) => type)).toEqual(['registered'])
  })

  it('that is gone is not made anew by its token: the phone registers as one that cannot be pushed', async () => {
    const harness = new Harness()
    expect((await harness.send(await withToken(harness, 'phone', { contact: PLAIN }))).status).toBe(200)
    expect(await devicesOf(harness)).toEqual([null])
    expect(await harness.store.listDevices()).toEqual([])
  })

  it('of another user is not bound by a token that names it', async () => {
    const harness = new Harness()
    await put(harness, { user: 'bob' })
    expect((await harness.send(await withToken(harness, 'phone', { contact: PLAIN }))).status).toBe(200)
    expect(await devicesOf(harness)).toEqual([null])
  })
})

describe('a token of one device in the hands of another', () => {
  it.each([
    ['by its instance', PLAIN + INSTANCE],
    ['by its push address', '<sip:alice@h;pn-provider=apns;pn-prid=T-tablet>'],
  ])('is refused, which the other is known %s, and not used up', async (_name, contact) => {
    const harness = new Harness()
    const phone = await put(harness)
    const tablet = await put(harness, { id: 'tablet', instance: 'urn:x:1' })
    const spec = await withToken(harness, 'phone', { contact })
    expect((await harness.send(spec)).final).toEqual({ status: 403, phrase: 'Forbidden' })
    expect(harness.log.at(-1)).toMatchObject({
      level: 'warn',
      fields: { why: 'the token is for another device' },
    })
    expect(await harness.bindings()).toEqual([])
    expect(await harness.store.listDevices()).toEqual([phone, tablet])
    expect((await harness.send({ ...spec, contact: PLAIN, callId: 'other' })).status).toBe(200)
  })

  it('is taken where the other one cannot be pushed any more: the app has a new id', async () => {
    const harness = new Harness()
    await put(harness)
    await put(harness, { id: 'former', instance: 'urn:x:1', push: null })
    const spec = await withToken(harness, 'phone', { contact: PLAIN + INSTANCE })
    expect((await harness.send(spec)).status).toBe(200)
    expect(await devicesOf(harness)).toEqual(['phone'])
  })
})

describe('of two devices with one instance', () => {
  it('the one that can be pushed is bound', async () => {
    const harness = new Harness()
    await put(harness, { instance: 'urn:x:1' })
    const later = harness.clock.now() + 1
    await put(harness, { id: 'former', instance: 'urn:x:1', push: null, seenAt: later })
    await harness.register({ contact: PLAIN + INSTANCE })
    expect(await devicesOf(harness)).toEqual(['phone'])
  })
})

describe('the bound on devices', () => {
  const limits = { minExpires: 1000, defaultExpires: 6e5, maxExpires: 6e5, nonceLifetime: 1e6, maxDevices: 2 }
  const pushed = (name: string) => `<sip:alice@${name};pn-provider=acme;pn-prid=${name}>`
  const live = async (harness: Harness) =>
    (await harness.store.listDevices()).filter(({ push }) => push).map(({ push }) => push?.token)

  it('counts the registrations of a device whose push token never was in SIP as signs of its life', async () => {
    const harness = new Harness({ limits })
    await put(harness)
    harness.clock.advance(1000)
    await harness.register({ contact: pushed('old'), callId: 'old' })
    harness.clock.advance(1000)
    await harness.send(await withToken(harness, 'phone', { contact: PLAIN }))
    await harness.register({ contact: pushed('new'), callId: 'new' })
    expect(await live(harness)).toEqual(['T-phone', 'new'])
  })

  it('takes no token from the device that registers', async () => {
    const harness = new Harness({ limits })
    await put(harness)
    harness.clock.advance(1000)
    for (const id of ['b', 'c']) await put(harness, { id })
    await harness.send(await withToken(harness, 'phone', { contact: PLAIN }))
    expect(await live(harness)).toEqual(['T-phone', 'T-c'])
  })
})
