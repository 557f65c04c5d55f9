import { describe, expect, it } from 'vitest'
import { Harness, TCP, UDP } from './harness.js'

const PHONE = '<sip:alice@10.0.0.1:5060>'
const DESK = '<sip:alice@10.0.0.2:5060>'

describe('a REGISTER with a contact', () => {
  it('makes a binding that keeps where it came from, and lists it in the 200', async () => {
    const harness = new Harness()
    const contact =
      '"Al, ice" <sip:alice@10.0.0.1:5060;transport=tcp;x=a%20b>;q=0.5;+sip.instance="<urn:x:1>";expires=120;video'
    const answer = await harness.register({ contact, callId: 'c1', cseq: 7, source: TCP })
    expect(answer.status).toBe(200)
    expect(answer.headers('Contact')).toEqual([
      '"Al, ice" <sip:alice@10.0.0.1:5060;transport=tcp;x=a%20b>;q=0.5;+sip.instance="<urn:x:1>";video;expires=120',
    ])
    expect(answer.header('Date')).toBe('Thu, 01 Jan 2026 00:00:00 GMT')
    const now = harness.clock.now()
    expect(await harness.bindings()).toEqual([
      {
        bindingId: expect.any(String) as string,
        user: 'alice',
        deviceId: null,
        instance: 'urn:x:1',
        regId: null,
        uri: 'sip:alice@10.0.0.1:5060;transport=tcp;x=a%20b',
        flow: 'tcp/198.51.100.7:40002;c1',
        callId: 'c1',
        cseq: 7,
        gateway: 'edge-1',
        source: TCP,
        q: 0.5,
        userAgent: 'Phone/1.0',
        contactHeader:
          '"Al, ice" <sip:alice@10.0.0.1:5060;transport=tcp;x=a%20b>;q=0.5;+sip.instance="<urn:x:1>";video',
        registeredAt: now,
        expiresAt: now + 120_000_000,
      },
    ])
  })

  it('is told to the others after its answer left, once a binding', async () => {
    const harness = new Harness()
    await harness.register({ contact: [`${PHONE}, ${DESK}`] })
    expect(harness.order).toEqual(['respond 200', 'publish registered', 'publish registered'])
    const bindings = await harness.bindings()
    expect(harness.published).toEqual(bindings.map((binding) => ({ type: 'registered', binding })))
  })

  it('is told to nobody when its answer could not leave', async () => {
    const harness = new Harness()
    const authorization = [await harness.authorization({})]
    await harness.send({ contact: PHONE, authorization }, () => Promise.reject(new Error('gateway lost')))
    expect(harness.published).toEqual([])
    expect(harness.log.some(({ level, message }) => level === 'warn' && message.includes('answered'))).toBe(
      true,
    )
  })

  it('strips from the URI to dial what a Request-URI may not have', async () => {
    const harness = new Harness()
    await harness.register({ contact: '<sip:alice@h;method=INVITE;transport=tcp;ob?Subject=x>' })
    expect((await harness.bindings())[0]?.uri).toBe('sip:alice@h;transport=tcp;ob')
  })

  it('adds to the bindings of other phones, and every 200 lists them all', async () => {
    const harness = new Harness()
    await harness.register({ contact: PHONE, callId: 'phone', expires: 600 })
    harness.clock.advance(100_000)
    const answer = await harness.register({ contact: DESK, callId: 'desk', expires: 300 })
    expect(answer.headers('Contact')).toEqual([`${PHONE};expires=500`, `${DESK};expires=300`])
  })

  it('replaces nothing of another user with the same contact', async () => {
    const harness = new Harness()
    await harness.register({ user: 'alice', contact: PHONE })
    await harness.register({ user: 'bob', contact: PHONE, callId: 'other' })
    expect(await harness.bindings('alice')).toHaveLength(1)
    expect(await harness.bindings('bob')).toHaveLength(1)
  })
})

describe('the expiry', () => {
  it.each([
    ['the contact parameter before the header', `${PHONE};expires=120`, 300, 120],
    ['the header', PHONE, 300, 300],
    ['the default without either', PHONE, undefined, 600],
    ['the default where the parameter is no number', `${PHONE};expires=soon`, undefined, 600],
    ['no more than the limit', PHONE, 86_400, 3600],
    ['no more than the limit, however large the number', PHONE, '9'.repeat(40), 3600],
    ['the least that is allowed', PHONE, 60, 60],
  ])('is %s', async (_name, contact, expires, seconds) => {
    const harness = new Harness()
    const answer = await harness.register({ contact, ...(expires === undefined ? {} : { expires }) })
    expect(answer.headers('Contact')).toEqual([`${PHONE};expires=${seconds}`])
  })

  it('too brief is refused with the least, and changes nothing', async () => {
    const harness = new Harness()
    const answer = await harness.register({ contact: [DESK, `${PHONE};expires=59`] })
    expect(answer.status).toBe(423)
    expect(answer.header('Min-Expires')).toBe('60')
    expect(await harness.bindings()).toEqual([])
  })

  it('of an hour is never too brief, whatever the limit (RFC 3261 §10.3)', async () => {
    const limits = { minExpires: 7_200_000, defaultExpires: 7_200_000, maxExpires: 9e6, nonceLifetime: 1e6 }
    const harness = new Harness({ limits })
    expect((await harness.register({ contact: PHONE, expires: 3600 })).status).toBe(200)
    expect((await harness.register({ contact: PHONE, expires: 3599 })).status).toBe(423)
  })

  it('ends the binding, and what expired is deleted when asked', async () => {
    const harness = new Harness()
    await harness.register({ contact: PHONE, expires: 60 })
    await harness.register({ contact: DESK, expires: 120 })
    harness.clock.advance(60_000)
    expect((await harness.register({})).headers('Contact')).toEqual([`${DESK};expires=60`])
    expect(await harness.registrar.forgetExpired()).toBe(1)
    expect(await harness.registrar.forgetExpired()).toBe(0)
  })
})

describe('a REGISTER without a contact', () => {
  it('lists the bindings and changes nothing', async () => {
    const harness = new Harness()
    await harness.register({ contact: PHONE, cseq: 5 })
    const before = await harness.bindings()
    const answer = await harness.register({ cseq: 1 })
    expect(answer.headers('Contact')).toEqual([`${PHONE};expires=600`])
    expect(await harness.bindings()).toEqual(before)
    expect(harness.order).toEqual(['respond 200'])
  })
})

describe('a refresh', () => {
  it('keeps the binding, with a new expiry, where it is newer within its Call-ID', async () => {
    const harness = new Harness()
    await harness.register({ contact: PHONE, cseq: 1 })
    const [before] = await harness.bindings()
    harness.clock.advance(1000)
    expect((await harness.register({ contact: PHONE, cseq: 2 })).status).toBe(200)
    expect(harness.log.at(-1)?.fields).toMatchObject({ registered: 1, removed: 0 })
    const after = await harness.bindings()
    expect(after).toEqual([
      { ...before, cseq: 2, registeredAt: harness.clock.now(), expiresAt: harness.clock.now() + 6e8 },
    ])
  })

  it.each([
    ['refreshed', 4, { contact: PHONE }],
    ['refreshed', 5, { contact: PHONE }],
    ['removed', 5, { contact: `${PHONE};expires=0` }],
    ['removed with all others', 5, { contact: '*', expires: 0 }],
  ])('out of order fails: a binding of CSeq 5 is not %s by CSeq %i', async (_name, cseq, spec) => {
    const harness = new Harness()
    await harness.register({ contact: PHONE, cseq: 5 })
    const before = await harness.bindings()
    expect((await harness.register({ ...spec, cseq })).status).toBe(400)
    expect(await harness.bindings()).toEqual(before)
  })

  it('from a restarted phone counts from its own CSeq, and is on a new flow though host and port are the same', async () => {
    const harness = new Harness()
    await harness.register({ contact: PHONE, callId: 'before', cseq: 50 })
    const [before] = await harness.bindings()
    expect((await harness.register({ contact: PHONE, callId: 'after', cseq: 1 })).status).toBe(200)
    const [after, ...others] = await harness.bindings()
    expect(others).toEqual([])
    expect(after?.source).toEqual(before?.source)
    expect(after?.flow).not.toBe(before?.flow)
  })

  it('of one contact that fails leaves the others of the request alone', async () => {
    const harness = new Harness()
    await harness.register({ contact: PHONE, cseq: 5 })
    expect((await harness.register({ contact: [DESK, PHONE], cseq: 4 })).status).toBe(400)
    expect((await harness.bindings()).map(({ uri }) => uri)).toEqual(['sip:alice@10.0.0.1:5060'])
  })
})

describe('removing', () => {
  it('one binding leaves the others', async () => {
    const harness = new Harness()
    await harness.register({ contact: [PHONE, DESK] })
    const answer = await harness.register({ contact: PHONE, expires: 0 })
    expect(answer.headers('Contact')).toEqual([`${DESK};expires=600`])
    expect(harness.published.slice(2)).toEqual([{ type: 'unregistered', user: 'alice' }])
  })

  it('a binding that is not there succeeds, and leaves those that are', async () => {
    const harness = new Harness()
    await harness.register({ contact: [PHONE] })
    expect((await harness.register({ contact: DESK, expires: 0 })).status).toBe(200)
    expect(await harness.bindings()).toHaveLength(1)
  })

  it('the old address and registering the new one go in one request, in any order', async () => {
    const harness = new Harness()
    const instance = ';+sip.instance="<urn:x:1>"'
    await harness.register({ contact: PHONE + instance })
    await harness.register({ contact: [DESK + instance, `${PHONE}${instance};expires=0`] })
    expect((await harness.bindings()).map(({ uri }) => uri)).toEqual(['sip:alice@10.0.0.2:5060'])
  })

  it('all bindings takes * with an expiry of 0, from any Call-ID', async () => {
    const harness = new Harness()
    await harness.register({ contact: [PHONE, DESK], callId: 'a', cseq: 9 })
    const answer = await harness.register({ contact: '*', expires: 0, callId: 'b', cseq: 1 })
    expect(answer.status).toBe(200)
    expect(answer.headers('Contact')).toEqual([])
    expect(await harness.bindings()).toEqual([])
  })

  it.each([
    ['without Expires', { contact: '*' }],
    ['with another expiry', { contact: '*', expires: 60 }],
    ['beside another contact', { contact: ['*', PHONE], expires: 0 }],
    ['with parameters', { contact: '*;expires=0', expires: 0 }],
  ])('by * %s is refused and removes nothing', async (_name, spec) => {
    const harness = new Harness()
    await harness.register({ contact: PHONE })
    expect((await harness.register(spec)).status).toBe(400)
    expect(await harness.bindings()).toHaveLength(1)
  })
})

describe('the bound on bindings', () => {
  it('lets the one go that was refreshed longest ago, and says so in the log', async () => {
    const harness = new Harness()
    for (let phone = 0; phone < 11; phone++) {
      harness.clock.advance(1000)
      await harness.register({ contact: `<sip:alice@10.0.1.${phone}>`, callId: `phone-${phone}` })
    }
    const hosts = (await harness.bindings()).map(({ uri }) => uri.replace('sip:alice@10.0.1.', ''))
    expect(hosts).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'])
    expect(harness.log.some(({ level, fields }) => level === 'warn' && fields['evicted'] === 1)).toBe(true)
  })

  it('refuses one request with more contacts than a user may have', async () => {
    const contact = Array.from({ length: 11 }, (_, phone) => `<sip:alice@10.0.1.${phone}>`)
    expect((await new Harness().register({ contact })).status).toBe(403)
  })
})

describe('a REGISTER that cannot be read', () => {
  it.each([
    ['a contact without an end', { contact: '<sip:alice@h' }],
    ['a contact of another scheme', { contact: '<mailto:alice@h>' }],
    ['the same contact twice', { contact: [PHONE, PHONE] }],
    ['a line break in the contact', { contact: '<sip:a@h>;x="a\r\nVia: y"' }],
    ['no CSeq', { headers: { CSeq: [] } }],
    ['a CSeq of another method', { headers: { CSeq: '1 INVITE' } }],
    ['a CSeq beyond its range', { headers: { CSeq: '2147483648 REGISTER' } }],
    ['a To that is no address', { headers: { To: 'alice' } }],
    ['a tel: To', { headers: { To: '<tel:+1555>' } }],
    ['a Call-ID with spaces', { callId: 'a b' }],
  ])('for %s gets 400', async (_name, spec) => {
    const harness = new Harness()
    expect((await harness.register(spec)).status).toBe(400)
    expect(await harness.bindings()).toEqual([])
    expect(harness.published).toEqual([])
  })

  it('for an extension that it must support gets 420 with its name', async () => {
    const answer = await new Harness().send({ headers: { Require: ['outbound, gruu', 'path'] } })
    expect(answer.status).toBe(420)
    expect(answer.header('Unsupported')).toBe('gruu, path')
  })
})

describe('phones behind NATs', () => {
  it('with one private address are told apart by their instance', async () => {
    const harness = new Harness()
    await harness.register({ contact: `${PHONE};+sip.instance="<urn:x:1>"`, callId: 'a' })
    await harness.register({
      contact: `${PHONE};+sip.instance="<urn:x:2>"`,
      callId: 'b',
      source: { ...UDP, port: 9 },
    })
    expect(await harness.bindings()).toHaveLength(2)
  })
})
