import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ApnsOptions, createApnsSender } from '../../../src/adapters/apns/apns-sender.js'
import type { PushMessage, PushOutcome, PushSender, PushTarget } from '../../../src/ports/push.js'
import { type ApnsService, startApnsService } from '../../support/push/apns-service.js'
import { answer, drop, hang } from '../../support/push/script.js'
import { silentPath } from '../../support/push/silent-path.js'

const token = '00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0'

let service: ApnsService
const senders: PushSender[] = []

beforeEach(async () => {
  service = await startApnsService()
})

afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.close()))
  await service.close()
})

function sender(options: Partial<ApnsOptions> = {}): PushSender {
  const { key, keyId, teamId, bundleId, address, port, ca } = service
  const made = createApnsSender({ key, keyId, teamId, bundleId, address, port, ca, ...options })
  senders.push(made)
  return made
}

function message(target: Partial<PushTarget> = {}, more: Partial<PushMessage> = {}): PushMessage {
  return {
    device: { id: 'dev-1', provider: 'apns', token, ...target },
    kind: 'call',
    payload: { callId: 'c-1' },
    expiresAt: Date.UTC(2031, 0, 1) * 1000,
    collapseKey: 'c-1',
    ...more,
  }
}

async function push(from: PushSender, content = message()): Promise<PushOutcome> {
  return from.send(content, new AbortController().signal)
}

describe('an APNs push', () => {
  it('is a VoIP push with topic, priority, expiry, collapse id and a token of the team', async () => {
    const outcome = await push(sender())
    expect(outcome).toMatchObject({
      kind: 'delivered',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    })
    const { path, headers, payload } = service.inbox.last()
    expect(path).toBe(`/3/device/${token}`)
    expect(headers).toMatchObject({
      'apns-push-type': 'voip',
      'apns-topic': 'com.example.reveille.voip',
      'apns-priority': '10',
      'apns-expiration': String(Date.UTC(2031, 0, 1) / 1000),
      'apns-collapse-id': 'c-1',
    })
    expect(payload).toEqual({
      aps: {},
      callId: 'c-1',
      kind: 'call',
      expiresAt: '2031-01-01T00:00:00.000Z',
      expiresAtMs: Date.UTC(2031, 0, 1),
    })
  })

  it('fits what Apple documents: sizes, a time in seconds, and no header besides', async () => {
    const deadline = Date.UTC(2031, 0, 1, 0, 0, 29, 999)
    const payload = { offer: 'v=0'.repeat(1000) }
    await push(sender(), message({}, { payload, expiresAt: deadline * 1000 }))
    const { headers, text } = service.inbox.last()
    const own = Object.keys(headers).filter((name) => !name.startsWith(':'))
    expect(own.sort()).toEqual([
      'apns-collapse-id',
      'apns-expiration',
      'apns-priority',
      'apns-push-type',
      'apns-topic',
      'authorization',
      'content-length',
      'content-type',
    ])
    expect(headers[':method']).toBe('POST')
    expect(headers['apns-expiration']).toBe(String(Math.floor(deadline / 1000)))
    expect(headers['content-length']).toBe(String(Buffer.byteLength(text)))
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(5120)
    expect(Buffer.byteLength(String(headers['apns-collapse-id']))).toBeLessThanOrEqual(64)
  })

  it('proves the team by an ES256 token with key id, issuer and time, the same for all pushes', async () => {
    const from = sender()
    const before = Math.floor(Date.now() / 1000)
    await push(from)
    await push(from)
    const [first, second] = service.inbox.items.map((item) => item.headers.authorization)
    expect(second).toBe(first)
    const { header, claims } = providerToken(first)
    expect(header).toEqual({ alg: 'ES256', kid: service.keyId })
    expect(claims).toEqual({ iss: service.teamId, iat: expect.any(Number) as number })
    expect(Number(claims['iat'])).toBeGreaterThanOrEqual(before)
    expect(Number(claims['iat'])).toBeLessThanOrEqual(Date.now() / 1000)
  })

  it('takes the topic from pn-param', async () => {
    const from = sender({ bundleId: 'com.example.other' })
    expect(await push(from, message({ param: 'DEF123GHIJ.com.example.reveille.voip' }))).toMatchObject({
      kind: 'delivered',
    })
    expect(service.inbox.last().headers['apns-topic']).toBe('com.example.reveille.voip')
  })

  it('reaches a Linphone app, which registers two tokens at once', async () => {
    const linphone = {
      token: `AAAA7DF897B43171:remote&${token}:voip`,
      param: 'DEF123GHIJ.com.example.reveille.remote&voip',
    }
    expect(await push(sender(), message(linphone))).toMatchObject({ kind: 'delivered' })
    expect(service.inbox.last().token).toBe(token)
  })

  it.each([
    ['a token that is not hexadecimal', { token: 'not-a-token' }, /malformed pn-prid/],
    ['a token that would leave the path', { token: '../../4/broadcasts' }, /malformed pn-prid/],
    ['two tokens, and none for VoIP', { token: 'AAAA7DF897B43171:remote' }, /malformed pn-prid/],
    ['a pn-param of one word', { param: 'voip' }, /malformed pn-param "voip"/],
    ['a pn-param for alerts', { param: 'DEF123GHIJ.com.example.reveille.remote' }, /asks for no VoIP/],
    ['a pn-param of another team', { param: 'XXX0000000.com.example.reveille.voip' }, /team XXX0000000/],
    ['a bundle that breaks the header', { param: 'DEF123GHIJ.com.\r\nx: y.voip' }, /malformed pn-param/],
  ])('malformed prid: %s is refused and nothing is sent', async (_, target, problem) => {
    const outcome = await push(sender(), message(target))
    expect(outcome.kind).toBe('refused')
    expect(outcome).toHaveProperty('detail', expect.stringMatching(problem))
    expect(service.inbox.items).toHaveLength(0)
  })

  it('needs a topic from somewhere', async () => {
    const { key, keyId, teamId, address, port, ca } = service
    const from = createApnsSender({ key, keyId, teamId, address, port, ca })
    senders.push(from)
    expect(await push(from)).toEqual({ kind: 'refused', detail: 'no pn-param, and no topic is configured' })
  })

  it('410 Unregistered: the token is gone', async () => {
    service.unregistered.add(token)
    expect(await push(sender())).toEqual({ kind: 'gone', detail: 'APNs answered 410: Unregistered' })
  })

  it.each([
    [400, 'BadCollapseId', 'refused'],
    [400, 'BadDeviceToken', 'gone'],
    [400, 'BadExpirationDate', 'refused'],
    [400, 'BadMessageId', 'refused'],
    [400, 'BadPriority', 'refused'],
    [400, 'BadTopic', 'refused'],
    [400, 'DeviceTokenNotForTopic', 'refused'],
    [400, 'DuplicateHeaders', 'refused'],
    [400, 'IdleTimeout', 'retry'],
    [400, 'InvalidPushType', 'refused'],
    [400, 'MissingDeviceToken', 'refused'],
    [400, 'MissingTopic', 'refused'],
    [400, 'PayloadEmpty', 'refused'],
    [400, 'TopicDisallowed', 'refused'],
    [403, 'BadCertificate', 'refused'],
    [403, 'BadCertificateEnvironment', 'refused'],
    [403, 'ExpiredProviderToken', 'retry'],
    [403, 'Forbidden', 'refused'],
    [403, 'InvalidProviderToken', 'refused'],
    [403, 'MissingProviderToken', 'refused'],
    [403, 'UnrelatedKeyIdInToken', 'refused'],
    [403, 'BadEnvironmentKeyIdInToken', 'refused'],
    [404, 'BadPath', 'refused'],
    [405, 'MethodNotAllowed', 'refused'],
    [410, 'ExpiredToken', 'gone'],
    [410, 'Unregistered', 'gone'],
    [413, 'PayloadTooLarge', 'refused'],
    [429, 'TooManyProviderTokenUpdates', 'retry'],
    [429, 'TooManyRequests', 'retry'],
    [500, 'InternalServerError', 'retry'],
    [503, 'ServiceUnavailable', 'retry'],
    [503, 'Shutdown', 'retry'],
  ])('answered with %i %s is %s, says so, and is asked once', async (status, reason, kind) => {
    service.script.next(answer(status, { body: { reason } }))
    expect(await push(sender())).toMatchObject({ kind, detail: `APNs answered ${status}: ${reason}` })
    expect(service.inbox.items).toHaveLength(1)
  })

  it('waits as long as a busy service asks for', async () => {
    const busy = answer(429, { headers: { 'retry-after': '7' }, body: { reason: 'TooManyRequests' } })
    service.script.next(busy)
    expect(await push(sender())).toMatchObject({ kind: 'retry', afterMs: 7000 })
  })

  it('counts by its status where the reason is missing or nonsense', async () => {
    service.script.next(answer(410), answer(400, { body: '<html>' }), answer(503))
    const from = sender()
    expect(await push(from)).toMatchObject({ kind: 'gone' })
    expect(await push(from)).toEqual({ kind: 'refused', detail: 'APNs answered 400: no reason given' })
    expect(await push(from)).toMatchObject({ kind: 'retry' })
  })

  it('proves itself anew after fifty minutes, before Apple calls its token expired', async () => {
    let minutes = -50
    const from = sender({ now: () => Date.now() + minutes * 60_000 })
    const issued: unknown[] = []
    for (; minutes <= 5; minutes += 5) {
      expect(await push(from)).toMatchObject({ kind: 'delivered' })
      issued.push(service.inbox.last().headers.authorization)
    }
    expect(new Set(issued.slice(0, 10)).size).toBe(1)
    expect(new Set(issued).size).toBe(2)
  })

  it('has a new token for a service that calls its token expired, but none more often than Apple bears', async () => {
    service.providerTokenLifeS = 20 * 60
    let minutes = -30
    const from = sender({ now: () => Date.now() + minutes * 60_000 })
    expect(await push(from)).toMatchObject({ kind: 'retry' })
    expect(await push(from)).toMatchObject({ kind: 'retry' })
    const tooSoon = new Set(service.inbox.items.map((item) => item.headers.authorization))
    expect(tooSoon.size).toBe(1)
    minutes = 0
    expect(await push(from)).toEqual({ kind: 'retry', detail: 'APNs answered 403: ExpiredProviderToken' })
    expect(await push(from)).toMatchObject({ kind: 'delivered' })
    expect(tooSoon.has(service.inbox.last().headers.authorization)).toBe(false)
  })

  it('goes over one connection, and over a new one when the service says goodbye', async () => {
    const from = sender()
    await push(from)
    await push(from)
    service.goAway()
    for (const _ of [1, 2, 3]) expect(await push(from)).toMatchObject({ kind: 'delivered' })
    expect(service.inbox.items.map((item) => item.connection)).toEqual([1, 1, 2, 2, 2])
  })

  it('goodbye with pushes in flight: those that the service still serves are delivered, once', async () => {
    const from = sender()
    await push(from)
    let serve = (): void => undefined
    const later = answer(200, { after: new Promise<void>((resolve) => (serve = resolve)) })
    service.script.next(later, later)
    const inFlight = [push(from), push(from)]
    await service.inbox.atLeast(3)
    service.goAway('served')
    expect(await push(from)).toMatchObject({ kind: 'delivered' })
    serve()
    expect(await Promise.all(inFlight)).toEqual([{ kind: 'delivered' }, { kind: 'delivered' }])
    expect(service.inbox.items.map((item) => item.connection)).toEqual([1, 1, 1, 2])
  })

  it('goodbye with pushes in flight: those that the service never looked at go out on a new connection', async () => {
    const from = sender()
    await push(from)
    service.script.next(hang, hang)
    const inFlight = [push(from), push(from)]
    await service.inbox.atLeast(3)
    service.goAway('refused')
    for (const one of inFlight) expect(await one).toMatchObject({ kind: 'delivered' })
    expect(service.inbox.items.map((item) => item.connection)).toEqual([1, 1, 1, 2, 2])
  })

  it('goodbye with pushes in flight: those that went down with the connection are worth another try', async () => {
    const from = sender()
    await push(from)
    service.script.next(hang, hang)
    const inFlight = [push(from), push(from)]
    await service.inbox.atLeast(3)
    service.goAway('lost')
    for (const one of inFlight) expect(await one).toMatchObject({ kind: 'retry' })
    expect(await push(from)).toMatchObject({ kind: 'delivered' })
    expect(service.inbox.items.map((item) => item.connection)).toEqual([1, 1, 1, 2])
  })

  it('a connection that is cut while the push goes out, or while its answer comes in, is worth another try', async () => {
    const from = sender()
    await push(from)
    service.cutUploads(1)
    expect(await push(from)).toMatchObject({ kind: 'retry' })
    service.script.next({ kind: 'break', status: 400 }, drop)
    expect(await push(from)).toMatchObject({ kind: 'retry' })
    expect(await push(from)).toMatchObject({ kind: 'retry' })
    expect(await push(from)).toMatchObject({ kind: 'delivered' })
  })

  it('a push that was taken counts as taken, though its answer is cut', async () => {
    service.script.next({ kind: 'break', status: 200 })
    expect(await push(sender())).toMatchObject({ kind: 'delivered' })
  })

  it('finds out by itself that an idle connection is dead', async () => {
    const path = await silentPath({ host: service.address, port: service.port })
    try {
      const from = sender({ port: path.port, pingMs: 20, timeoutMs: 1000 })
      await push(from)
      path.silent = true
      await path.givenUp.atLeast(1)
      path.silent = false
      expect(await push(from)).toMatchObject({ kind: 'delivered' })
      expect(service.inbox.last().connection).toBe(2)
      await from.close()
    } finally {
      await path.close()
    }
  })

  it('leaves a connection that has gone silent', async () => {
    const from = sender({ timeoutMs: 300 })
    // On a slow machine the first connection may take longer than that.
    const untilDelivered = async (): Promise<number> => {
      while ((await push(from)).kind !== 'delivered');
      return service.inbox.last().connection
    }
    const before = await untilDelivered()
    service.script.next(hang)
    expect(await push(from)).toEqual({ kind: 'retry', detail: 'APNs: no answer within 300 ms' })
    expect(await untilDelivered()).toBeGreaterThan(before)
  })

  it('brings an invitation, which an app reports as a call', async () => {
    expect(await push(sender(), message({}, { kind: 'invitation' }))).toMatchObject({ kind: 'delivered' })
    expect(service.inbox.last().payload).toMatchObject({ kind: 'invitation' })
  })

  it('brings calls only: an app that reports no call for a VoIP push is ended by iOS', async () => {
    const from = sender()
    expect(from.tellsEndings).toBe(false)
    for (const kind of ['ended', 'refresh', 'invitation-connected', 'invitation-ended'] as const)
      expect(await push(from, message({}, { kind }))).toMatchObject({ kind: 'refused' })
    expect(service.inbox.items).toHaveLength(0)
  })

  it('is refused here where APNs would find it too large', async () => {
    const outcome = await push(sender(), message({}, { payload: { sdp: 'x'.repeat(5200) } }))
    expect(outcome).toMatchObject({ kind: 'refused' })
    expect(outcome).toHaveProperty('detail', expect.stringMatching(/has 53\d\d bytes; APNs takes 5120/))
    expect(service.inbox.items).toHaveLength(0)
  })

  it('shortens a collapse key that is too long, the same way each time', async () => {
    const from = sender()
    for (const collapseKey of ['a'.repeat(80), 'a'.repeat(80), 'a'.repeat(81)])
      expect(await push(from, message({}, { collapseKey }))).toMatchObject({ kind: 'delivered' })
    const [first, second, third] = service.inbox.items.map((item) => item.headers['apns-collapse-id'])
    expect(first).toBe(second)
    expect(third).not.toBe(first)
  })

  it('trusts no service whose certificate it does not know', async () => {
    const { key, keyId, teamId, bundleId, address, port } = service
    const from = createApnsSender({ key, keyId, teamId, bundleId, address, port })
    senders.push(from)
    expect((await push(from)).kind).toBe('retry')
    expect(service.inbox.items).toHaveLength(0)
  })
})

function providerToken(
  authorization: string | undefined,
): Record<'header' | 'claims', Record<string, unknown>> {
  const [header, claims] = (authorization ?? '').replace(/^bearer /, '').split('.')
  const parsed = (part: string | undefined): Record<string, unknown> =>
    JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8')) as Record<string, unknown>
  return { header: parsed(header), claims: parsed(claims) }
}

describe('APNs without a key', () => {
  const tooLong = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey

  it.each([
    ['a file that is not there', '/nowhere/key.p8'],
    ['no key', '-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----'],
    ['a key on another curve', tooLong.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ])('is refused when it is made: %s', (_, key) => {
    expect(() => createApnsSender({ key, keyId: 'K', teamId: 'T' })).toThrow(/token/i)
  })
})
