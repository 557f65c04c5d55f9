import { describe, expect, it } from 'vitest'
import type { Binding, Device } from '../../src/ports/store.js'
import { startApi, type TestApi } from './support/api.js'

const settings = { provider: 'acme', token: 'push-token-1', instance: 'urn:uuid:1' }

function device(id: string, over: Partial<Device> = {}): Device {
  return {
    ...{ id, user: 'alice', instance: null, push: null, retired: null },
    ...{ createdAt: 1, seenAt: 1, ...over },
  }
}

async function register(
  { store, clock }: TestApi,
  deviceId: string | null,
  instance: string | null,
): Promise<void> {
  const binding: Binding = {
    ...{ bindingId: 'b1', uri: 'sip:alice@192.0.2.1', flow: 'f1', user: 'alice', deviceId, instance },
    ...{ regId: null, callId: 'r1', cseq: 1, gateway: 'g', q: 1, userAgent: null },
    source: { protocol: 'udp', address: '192.0.2.1', port: 5060 },
    contactHeader: '<sip:alice@192.0.2.1>',
    registeredAt: clock.now(),
    expiresAt: clock.now() + 3_600_000_000,
  }
  await store.writeBindings({ put: [binding], remove: [] })
}

async function boundDevice({ store, clock }: TestApi): Promise<string | null | undefined> {
  return (await store.bindingsOf('alice', clock.now()))[0]?.deviceId
}

describe('PUT /v1/devices/{id}', () => {
  it('makes a device, and changes nothing when it comes again', async () => {
    const { ask, clientToken, store, clock } = await startApi()
    const token = await clientToken()
    const first = await ask('PUT', '/v1/devices/d1', token, settings)
    const now = new Date(clock.now() / 1000).toISOString()
    expect([first.status, first.json()]).toEqual([
      201,
      {
        ...{ id: 'd1', user: 'alice', provider: 'acme', instance: 'urn:uuid:1', delivery: 'invite' },
        ...{ createdAt: now, seenAt: now },
      },
    ])
    const second = await ask('PUT', '/v1/devices/d1', token, settings)
    expect([second.status, second.json()]).toEqual([200, first.json()])
    expect(await store.listDevices()).toMatchObject([
      { id: 'd1', user: 'alice', push: { provider: 'acme', token: 'push-token-1' }, retired: null },
    ])
  })

  it('makes a device without a push token, which is told by its channel', async () => {
    const { ask, clientToken, store } = await startApi()
    const answer = await ask('PUT', '/v1/devices/tab', await clientToken(), {})
    expect([answer.status, answer.json()]).toMatchObject([
      201,
      { id: 'tab', provider: null, delivery: 'invite' },
    ])
    expect(await store.device('tab')).toMatchObject({ push: null, retired: null })
    expect((await ask('DELETE', '/v1/devices/tab', await clientToken())).status).toBe(204)
    expect(await store.device('tab')).toMatchObject({ retired: { reason: 'deleted' } })
  })

  it('says of a device how its calls come, and of one that was put without it that they are sent', async () => {
    const { ask, clientToken, store } = await startApi()
    const token = await clientToken({ grants: { incoming: true } })
    const put = (more: object) => ask('PUT', '/v1/devices/d1', token, { ...settings, ...more })
    expect((await put({ delivery: 'call-in' })).json()).toMatchObject({ delivery: 'call-in' })
    expect(await store.device('d1')).toMatchObject({ callsIn: true })
    expect((await put({})).json()).toMatchObject({ delivery: 'invite' })
    expect(await store.device('d1')).not.toHaveProperty('callsIn')
  })

  it('keeps the push token to itself', async () => {
    const { ask, clientToken } = await startApi()
    const { text } = await ask('PUT', '/v1/devices/d1', await clientToken(), settings)
    expect(text).not.toContain('push-token-1')
  })

  it('brings back a device whose token had died', async () => {
    const { ask, clientToken, store } = await startApi()
    await store.putDevice(device('d1', { instance: 'urn:uuid:1', retired: { at: 2, reason: '410' } }))
    const body = { provider: 'ACME', token: 'new', param: 'p' }
    expect((await ask('PUT', '/v1/devices/d1', await clientToken(), body)).status).toBe(200)
    expect(await store.device('d1')).toMatchObject({
      ...{ createdAt: 1, instance: 'urn:uuid:1', retired: null },
      push: { provider: 'acme', token: 'new', param: 'p' },
    })
  })

  it('takes the push address over from another device of the same user, with its registration', async () => {
    const api = await startApi()
    const { ask, clientToken, store, published } = api
    await store.putDevice(device('old', { push: { provider: 'acme', token: 'push-token-1' } }))
    await register(api, 'old', null)
    expect((await ask('PUT', '/v1/devices/new', await clientToken(), settings)).status).toBe(201)
    expect(await store.device('old')).toMatchObject({ push: null, retired: { reason: 'registered anew' } })
    expect(await boundDevice(api)).toBe('new')
    expect(published).toEqual([
      { type: 'device-retired', user: 'alice', deviceId: 'old', reason: 'registered anew' },
    ])
  })

  it('is the app that has registered with the same instance, so that it rings once', async () => {
    const api = await startApi()
    const { ask, clientToken, store } = api
    await store.putDevice(
      device('by-sip', { instance: 'urn:uuid:1', push: { provider: 'acme', token: 'an-older-one' } }),
    )
    await register(api, 'by-sip', 'urn:uuid:1')
    await ask('PUT', '/v1/devices/d1', await clientToken(), settings)
    expect((await store.device('by-sip'))?.push).toBeNull()
    expect(await boundDevice(api)).toBe('d1')
  })

  it('claims a registration of its instance that was of no device', async () => {
    const api = await startApi()
    await register(api, null, 'urn:uuid:1')
    await api.ask('PUT', '/v1/devices/d1', await api.clientToken(), settings)
    expect(await boundDevice(api)).toBe('d1')
  })

  it('leaves registrations of other instances alone', async () => {
    const api = await startApi()
    await register(api, null, 'urn:uuid:2')
    await api.ask('PUT', '/v1/devices/d1', await api.clientToken(), settings)
    expect(await boundDevice(api)).toBeNull()
  })

  it.each([
    ['the device', device('d1', { user: 'bob' })],
    ['the push address', device('bobs', { user: 'bob', push: { provider: 'acme', token: 'push-token-1' } })],
  ])('refuses %s of another user', async (_, bobs) => {
    const { ask, clientToken, store } = await startApi()
    await store.putDevice(bobs)
    const answer = await ask('PUT', '/v1/devices/d1', await clientToken(), settings)
    expect(answer.json()).toMatchObject({ type: '/problems/device-conflict', status: 409 })
    expect(await store.listDevices()).toEqual([bobs])
  })

  it('retires the device that was seen longest ago where there are too many', async () => {
    const { ask, clientToken, store } = await startApi()
    const push = (token: string) => ({ push: { provider: 'acme', token } })
    await store.putDevice(device('newer', { ...push('1'), seenAt: 30 }))
    await store.putDevice(device('oldest', { ...push('2'), seenAt: 10 }))
    await store.putDevice(device('middle', { ...push('3'), seenAt: 20 }))
    await ask('PUT', '/v1/devices/d1', await clientToken(), settings)
    const live = (await store.devicesOf('alice')).filter((one) => one.push !== null).map((one) => one.id)
    expect(live.sort()).toEqual(['d1', 'middle', 'newer'])
    expect(await store.device('oldest')).toMatchObject({ retired: { reason: 'too many devices' } })
  })

  it('counts devices without a push token as well', async () => {
    const { ask, clientToken, store } = await startApi()
    const token = await clientToken()
    for (const seenAt of [10, 20, 30]) await store.putDevice(device(`tab-${String(seenAt)}`, { seenAt }))
    await ask('PUT', '/v1/devices/tab', token, {})
    const retired = (await store.devicesOf('alice')).filter((one) => one.retired !== null)
    expect(retired).toMatchObject([{ id: 'tab-10', retired: { reason: 'too many devices' } }])
  })

  it.each([
    [{ provider: 'nobody', token: 't' }, '#/provider'],
    [{ provider: 'acme' }, '#/token'],
    [{ provider: 'acme', token: '' }, '#/token'],
    [{ provider: 'acme', token: 'a b' }, '#/token'],
    [{ provider: 'acme', token: 'x'.repeat(2049) }, '#/token'],
    [{ provider: 'acme', token: 't', instance: '<urn:uuid:1>' }, '#/instance'],
    [{ token: 't' }, '#/token'],
    [{ param: 'p' }, '#/param'],
    [{ delivery: 'carrier pigeon' }, '#/delivery'],
    [{ provider: 'acme', token: 't', colour: 'red' }, '#/colour'],
  ])('names the field that is wrong in %j', async (body, pointer) => {
    const { ask, clientToken, store } = await startApi()
    const answer = await ask('PUT', '/v1/devices/d1', await clientToken(), body)
    expect(answer.json()).toMatchObject({
      ...{ type: '/problems/bad-request', status: 400 },
      errors: [{ pointer }],
    })
    expect(await store.listDevices()).toEqual([])
  })

  it('names an id that is none', async () => {
    const { ask, clientToken } = await startApi()
    const answer = await ask('PUT', `/v1/devices/${'x'.repeat(65)}`, await clientToken(), settings)
    expect(answer.json()).toMatchObject({ type: '/problems/bad-request', errors: [{ parameter: 'id' }] })
  })

  it('asks for the grant', async () => {
    const { ask, clientToken } = await startApi()
    const answer = await ask(
      'PUT',
      '/v1/devices/d1',
      await clientToken({ grants: { channel: true } }),
      settings,
    )
    expect(answer.json()).toMatchObject({ type: '/problems/grant-missing', status: 403, grant: 'devices' })
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="reveille", error="insufficient_scope", scope="devices"',
    )
  })

  it('refuses a token that is for another device', async () => {
    const { ask, clientToken } = await startApi()
    const answer = await ask('PUT', '/v1/devices/d1', await clientToken({ deviceId: 'd2' }), settings)
    expect(answer.json()).toMatchObject({ type: '/problems/token-foreign', status: 403 })
  })

  it('tries again where another node was faster, and says so where it always is', async () => {
    const { ask, clientToken, store } = await startApi()
    const put = store.putDevice.bind(store)
    const { StoreConflict } = await import('../../src/ports/store.js')
    let failures = 1
    store.putDevice = (one) =>
      failures-- > 0 ? Promise.reject(new StoreConflict('the push address is another device’s')) : put(one)
    const token = await clientToken()
    expect((await ask('PUT', '/v1/devices/d1', token, settings)).status).toBe(201)
    failures = Infinity
    const answer = await ask('PUT', '/v1/devices/d1', token, settings)
    expect(answer.json()).toMatchObject({ type: '/problems/unavailable', status: 503 })
  })

  it('says so where the database is away', async () => {
    const { ask, clientToken, store } = await startApi()
    store.failWhile(() => true)
    const answer = await ask('PUT', '/v1/devices/d1', await clientToken(), settings)
    expect(answer.json()).toMatchObject({ type: '/problems/unavailable', status: 503 })
  })
})

describe('DELETE /v1/devices/{id}', () => {
  it('retires the device, and its registration is of no device any more', async () => {
    const api = await startApi()
    const { ask, clientToken, store, published } = api
    const token = await clientToken()
    await ask('PUT', '/v1/devices/d1', token, settings)
    await register(api, 'd1', 'urn:uuid:1')
    expect((await ask('DELETE', '/v1/devices/d1', token)).status).toBe(204)
    expect(await store.device('d1')).toMatchObject({ push: null, retired: { reason: 'deleted' } })
    expect(await boundDevice(api)).toBeNull()
    expect(published).toEqual([{ type: 'device-retired', user: 'alice', deviceId: 'd1', reason: 'deleted' }])
    expect((await ask('DELETE', '/v1/devices/d1', token)).status).toBe(204)
  })

  it('knows no device of another user', async () => {
    const { ask, clientToken, store } = await startApi()
    const bobs = device('d1', { user: 'bob', push: { provider: 'acme', token: 't' } })
    await store.putDevice(bobs)
    const answer = await ask('DELETE', '/v1/devices/d1', await clientToken())
    expect(answer.json()).toMatchObject({ type: '/problems/device-not-found', status: 404 })
    expect(await store.device('d1')).toEqual(bobs)
  })
})
