import { describe, expect, it } from 'vitest'
import { Harness, type RegisterSpec } from './harness.js'

interface Push {
  readonly provider?: string
  readonly token?: string
  readonly param?: string
  readonly host?: string
  readonly instance?: string
  readonly expires?: number
}

function contact({
  provider = 'acme',
  token = 'T1',
  param,
  host = '10.0.0.1',
  instance,
  expires,
}: Push): string {
  const push = `;pn-provider=${provider};pn-prid=${token}${param === undefined ? '' : `;pn-param=${param}`}`
  const id = instance === undefined ? '' : `;+sip.instance="<${instance}>"`
  return `<sip:alice@${host}${push}>${id}${expires === undefined ? '' : `;expires=${expires}`}`
}

const live = async (harness: Harness) =>
  (await harness.store.listDevices()).filter(({ push }) => push).map(({ user, push }) => [user, push?.token])
const onlyDevice = async (harness: Harness) => {
  const devices = await harness.store.listDevices()
  expect(devices).toHaveLength(1)
  return devices[0]
}

describe('push parameters in a Contact', () => {
  it('make a device, escapes undone, and the 200 names the service', async () => {
    const harness = new Harness()
    const answer = await harness.register({
      contact: contact({ token: 'a%3Ab%2F_-', param: 'TEAM.com.app.voip', instance: 'urn:x:1' }),
    })
    expect(answer.status).toBe(200)
    expect(answer.headers('Feature-Caps')).toEqual(['*;+sip.pns="acme"'])
    const now = harness.clock.now()
    const device = await onlyDevice(harness)
    expect(device).toEqual({
      id: device?.id,
      user: 'alice',
      instance: 'urn:x:1',
      push: { provider: 'acme', token: 'a:b/_-', param: 'TEAM.com.app.voip' },
      createdAt: now,
      seenAt: now,
      retired: null,
    })
    const [binding] = await harness.bindings()
    expect(binding?.deviceId).toBe(device?.id)
    expect(answer.header('Contact')).toContain('pn-prid=a%3Ab%2F_-')
  })

  it('take the name of the configured service, whatever the case', async () => {
    const harness = new Harness()
    const answer = await harness.register({ contact: contact({ provider: 'ACME' }) })
    expect(answer.headers('Feature-Caps')).toEqual(['*;+sip.pns="acme"'])
    expect((await onlyDevice(harness))?.push?.provider).toBe('acme')
  })

  it('make a device that outlives the expiry of its binding', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({}), expires: 60 })
    harness.clock.advance(61_000)
    await harness.registrar.forgetExpired()
    expect(await harness.bindings()).toEqual([])
    expect(await live(harness)).toEqual([['alice', 'T1']])
  })

  it('are not counted against a device that speaks without them: its token may have come another way', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ instance: 'urn:x:1' }) })
    await harness.register({ contact: '<sip:alice@10.0.0.1>;+sip.instance="<urn:x:1>"' })
    const device = await onlyDevice(harness)
    expect(device?.push?.token).toBe('T1')
    expect((await harness.bindings()).map(({ deviceId }) => deviceId)).toEqual([device?.id])
  })

  it('are left alone where a proxy on the way takes care of push', async () => {
    const harness = new Harness()
    const headers = { 'Feature-Caps': '*;+sip.pns="acme"' }
    for (const provider of ['acme', 'unheard-of']) {
      const answer = await harness.register({ contact: contact({ provider }), headers })
      expect(answer.status).toBe(200)
      expect(answer.headers('Feature-Caps')).toEqual([])
    }
    expect(await harness.store.listDevices()).toEqual([])
  })
})

describe('the same device', () => {
  it('is known by its push address, on another network and without an instance (RFC 8599 §5.3)', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ host: 'wifi' }), callId: 'a' })
    const first = await onlyDevice(harness)
    harness.clock.advance(1000)
    await harness.register({ contact: contact({ host: 'mobile' }), callId: 'b' })
    expect(await onlyDevice(harness)).toEqual({ ...first, seenAt: harness.clock.now() })
    expect((await harness.bindings()).map(({ uri }) => uri.split(';')[0])).toEqual(['sip:alice@mobile'])
  })

  it('is known by its instance when its token changed, and has only the new one', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ token: 'T1', instance: 'urn:x:1' }) })
    const first = await onlyDevice(harness)
    await harness.register({ contact: contact({ token: 'T2', instance: 'urn:x:1' }) })
    expect(await onlyDevice(harness)).toMatchObject({ id: first?.id, push: { token: 'T2' } })
    expect(await harness.bindings()).toHaveLength(1)
    expect(harness.published.map(({ type }) => type)).toEqual(['registered', 'registered'])
  })

  it('is another one where only the param differs', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ param: 'a' }), callId: 'a' })
    await harness.register({ contact: contact({ param: 'b', host: 'other' }), callId: 'b' })
    expect(await live(harness)).toHaveLength(2)
  })

  it('is live again when it registers the token that was retired', async () => {
    for (const instance of [undefined, 'urn:x:1']) {
      const harness = new Harness()
      const spec = { contact: contact(instance === undefined ? {} : { instance }) }
      await harness.register(spec)
      const before = await onlyDevice(harness)
      await harness.store.retirePush(before?.id ?? '', { provider: 'acme', token: 'T1' }, '410', 1)
      expect(await live(harness)).toEqual([])
      await harness.register(spec)
      expect(await onlyDevice(harness)).toEqual(before)
    }
  })
})

describe('a token that appears elsewhere', () => {
  it('moves to the user who registers it, and the former one is neither woken nor called there', async () => {
    const harness = new Harness()
    await harness.register({ user: 'alice', contact: contact({}) })
    const former = await onlyDevice(harness)
    harness.published.length = 0
    await harness.register({ user: 'bob', contact: contact({}), callId: 'b' })
    expect(await live(harness)).toEqual([['bob', 'T1']])
    expect(await harness.bindings('alice')).toEqual([])
    expect(await harness.bindings('bob')).toHaveLength(1)
    expect(harness.published[1]).toEqual({
      type: 'device-retired',
      user: 'alice',
      deviceId: former?.id,
      reason: 'registered anew',
    })
    expect((await harness.bindings('bob'))[0]?.deviceId).not.toBe(former?.id)
  })

  it('moves between the devices of a user by their instance', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ token: 'T1', instance: 'urn:x:1', host: 'a' }), callId: 'a' })
    await harness.register({ contact: contact({ token: 'T2', instance: 'urn:x:2', host: 'b' }), callId: 'b' })
    await harness.register({ contact: contact({ token: 'T1', instance: 'urn:x:2', host: 'b' }), callId: 'b' })
    const devices = await harness.store.listDevices()
    expect(devices.map(({ instance, push }) => [instance, push?.token])).toEqual([
      ['urn:x:1', undefined],
      ['urn:x:2', 'T1'],
    ])
    expect((await harness.bindings()).map(({ instance }) => instance)).toEqual(['urn:x:2'])
  })
})

describe('un-registering', () => {
  it('with the push address takes it back: no push goes there any more (RFC 8599 §5.5)', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({}) })
    const device = await onlyDevice(harness)
    await harness.register({ contact: contact({ expires: 0 }) })
    expect(await onlyDevice(harness)).toMatchObject({ push: null, retired: { reason: 'unregistered' } })
    expect(harness.published.at(-1)).toMatchObject({ type: 'device-retired', deviceId: device?.id })
  })

  it.each<[string, RegisterSpec]>([
    [
      'without naming the push address',
      { contact: '<sip:alice@10.0.0.1>;+sip.instance="<urn:x:1>"', expires: 0 },
    ],
    ['of everything by *', { contact: '*', expires: 0 }],
  ])('%s keeps the device', async (_name, spec) => {
    const harness = new Harness()
    await harness.register({ contact: contact({ instance: 'urn:x:1' }) })
    await harness.register(spec)
    expect(await harness.bindings()).toEqual([])
    expect(await live(harness)).toEqual([['alice', 'T1']])
  })

  it('an old address keeps the device that has registered a new one', async () => {
    const harness = new Harness()
    const old = contact({ host: 'old', instance: 'urn:x:1' })
    await harness.register({ contact: old, callId: 'a' })
    await harness.register({ contact: contact({ host: 'new', instance: 'urn:x:1' }), callId: 'b' })
    await harness.register({ contact: `${old};expires=0`, callId: 'a' })
    expect(await live(harness)).toEqual([['alice', 'T1']])
    const replacing = [`${contact({ host: 'new', instance: 'urn:x:1' })};expires=0`, old]
    await harness.register({ contact: replacing, callId: 'b' })
    expect(await live(harness)).toEqual([['alice', 'T1']])
    expect(await harness.bindings()).toHaveLength(1)
  })

  it("does not take another user's token back", async () => {
    const harness = new Harness()
    await harness.register({ user: 'alice', contact: contact({}) })
    await harness.register({ user: 'bob', contact: contact({ expires: 0 }) })
    expect(await live(harness)).toEqual([['alice', 'T1']])
  })

  it('is possible when the push service is configured no more', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({}) })
    harness.pushProviders = new Set()
    expect((await harness.register({ contact: contact({ expires: 0 }) })).status).toBe(200)
    expect(await harness.bindings()).toEqual([])
  })
})

describe('asking for push services', () => {
  it.each([
    ['all of them', ';pn-provider', ['apns', 'acme']],
    ['all of them, with an equals sign', ';pn-provider=', ['apns', 'acme']],
    ['one of them', ';pn-provider=apns', ['apns']],
    ['nothing', '', []],
  ])('for %s gets one Feature-Caps each, and makes no device', async (_name, params, names) => {
    const harness = new Harness()
    const answer = await harness.register({ contact: `<sip:alice@h${params}>` })
    expect(answer.status).toBe(200)
    expect(answer.headers('Feature-Caps')).toEqual(names.map((name) => `*;+sip.pns="${name}"`))
    expect(await harness.store.listDevices()).toEqual([])
    expect(await harness.bindings()).toHaveLength(1)
  })

  it.each([
    ['with a token', contact({ provider: 'fcm' })],
    ['without one', '<sip:alice@h;pn-provider=fcm>'],
  ])('for one that is not configured %s gets 555, and the log names it', async (_name, given) => {
    const harness = new Harness()
    const answer = await harness.register({ contact: given })
    expect(answer.final).toEqual({ status: 555, phrase: 'Push Notification Service Not Supported' })
    expect(await harness.bindings()).toEqual([])
    expect(
      harness.log.some(({ level, fields }) => level === 'warn' && String(fields['why']).includes('"fcm"')),
    ).toBe(true)
  })
})

describe('a malformed push address', () => {
  it.each([
    ['an empty token', '<sip:a@h;pn-provider=acme;pn-prid=>', 'Empty pn-prid'],
    ['a token without a value', '<sip:a@h;pn-provider=acme;pn-prid>', 'Empty pn-prid'],
    ['a token without a service', '<sip:a@h;pn-prid=T>', 'pn-prid without pn-provider'],
    ['a token with a broken escape', '<sip:a@h;pn-provider=acme;pn-prid=a%4>', 'Malformed pn-prid'],
    ['a token with an escaped line break', '<sip:a@h;pn-provider=acme;pn-prid=a%0Ab>', 'Malformed pn-prid'],
    ['a token with an escaped NUL', '<sip:a@h;pn-provider=acme;pn-prid=a%00b>', 'Malformed pn-prid'],
    [
      'a token of 3,000 characters',
      `<sip:a@h;pn-provider=acme;pn-prid=${'a'.repeat(3000)}>`,
      'Malformed pn-prid',
    ],
    ['two tokens', '<sip:a@h;pn-provider=acme;pn-prid=a;PN-PRID=b>', 'pn-prid given twice'],
    [
      'parameters outside the brackets',
      '<sip:a@h>;pn-provider=acme;pn-prid=a',
      'pn-* parameters outside the Contact URI',
    ],
    [
      'parameters without brackets',
      'sip:a@h;pn-provider=acme;pn-prid=a',
      'pn-* parameters outside the Contact URI',
    ],
  ])('with %s is refused with the reason, and logged (flexisip #267)', async (_name, given, phrase) => {
    const harness = new Harness()
    const answer = await harness.register({ contact: given })
    expect(answer.final).toEqual({ status: 400, phrase })
    expect(await harness.store.listDevices()).toEqual([])
    expect(harness.log.some(({ level, fields }) => level === 'warn' && fields['why'] === phrase)).toBe(true)
  })
})

describe('a request for several devices', () => {
  it.each([
    ['two tokens', [contact({ token: 'T1' }), contact({ token: 'T2', host: 'b' })]],
    ['two instances', [contact({ instance: 'urn:x:1' }), contact({ instance: 'urn:x:2' })]],
  ])('by %s is refused: a phone speaks for itself', async (_name, given) => {
    const harness = new Harness()
    const answer = await harness.register({ contact: given })
    expect(answer.final).toEqual({ status: 400, phrase: 'Several Push Addresses' })
    expect(await harness.store.listDevices()).toEqual([])
  })

  it('is not one where several contacts name the same push address', async () => {
    const harness = new Harness()
    const answer = await harness.register({ contact: [contact({ host: 'a' }), contact({ host: 'b' })] })
    expect(answer.headers('Feature-Caps')).toEqual(['*;+sip.pns="acme"'])
    const device = await onlyDevice(harness)
    expect((await harness.bindings()).map(({ deviceId }) => deviceId)).toEqual([device?.id, device?.id])
  })
})

describe('the log', () => {
  it('never holds a whole token', async () => {
    const harness = new Harness()
    const token = 'secret-token-0123456789'
    await harness.register({ user: 'alice', contact: contact({ token }) })
    await harness.register({ user: 'bob', contact: contact({ token }) })
    expect(JSON.stringify(harness.log)).toContain('456789')
    expect(JSON.stringify(harness.log)).not.toContain(token)
  })
})

describe('the bound on devices', () => {
  it('retires the token that was seen longest ago', async () => {
    const harness = new Harness()
    for (let device = 0; device < 11; device++) {
      harness.clock.advance(1000)
      await harness.register({
        contact: contact({ token: `T${device}`, host: `h${device}` }),
        callId: `c${device}`,
      })
    }
    expect((await live(harness)).map(([, token]) => token)).toEqual(
      Array.from({ length: 10 }, (_, device) => `T${device + 1}`),
    )
    expect(harness.published.filter(({ type }) => type === 'device-retired')).toMatchObject([
      { user: 'alice', reason: 'too many devices' },
    ])
  })
})
