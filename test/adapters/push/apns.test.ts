import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ApnsOptions, createApnsSender } from '../../../src/adapters/apns/apns-sender.js'
import type { PushMessage, PushOutcome, PushSender, PushTarget } from '../../../src/ports/push.js'
import { type ApnsService, startApnsService } from '../../support/push/apns-service.js'
import { answer, hang } from '../../support/push/script.js'

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
    [400, 'BadDeviceToken', 'gone'],
    [410, 'ExpiredToken', 'gone'],
    [400, 'DeviceTokenNotForTopic', 'refused'],
    [403, 'InvalidProviderToken', 'refused'],
    [403, 'ExpiredProviderToken', 'retry'],
    [413, 'PayloadTooLarge', 'refused'],
    [429, 'TooManyRequests', 'retry'],
    [500, 'InternalServerError', 'retry'],
    [503, 'Shutdown', 'retry'],
  ])('answered with %i %s is %s, and asked once', async (status, reason, kind) => {
    service.script.next(answer(status, { body: { reason } }))
    const outcome = await push(sender())
    expect(outcome.kind).toBe(kind)
    expect(service.inbox.items).toHaveLength(1)
  })

  it('proves itself anew after its provider token has expired', async () => {
    const from = sender()
    await push(from)
    service.script.next(answer(403, { body: { reason: 'ExpiredProviderToken' } }))
    expect(await push(from)).toMatchObject({ kind: 'retry', afterMs: 0 })
    expect(await push(from)).toMatchObject({ kind: 'delivered' })
  })

  it('goes over one connection, and over a new one when the service says goodbye', async () => {
    const from = sender()
    await push(from)
    await push(from)
    service.goAway()
    // The goodbye reaches us before the answer to a push that is sent after it.
    await push(from)
    await push(from)
    const connections = service.inbox.items.map((item) => item.connection)
    expect(connections.slice(0, 2)).toEqual([1, 1])
    expect(connections.at(-1)).toBe(2)
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

  it('brings calls only: an app that reports no call for a VoIP push is ended by iOS', async () => {
    const from = sender()
    expect(from.tellsEndings).toBe(false)
    for (const kind of ['ended', 'refresh'] as const)
      expect(await push(from, message({}, { kind }))).toMatchObject({ kind: 'refused' })
    expect(service.inbox.items).toHaveLength(0)
  })

  it('is refused here where APNs would find it too large', async () => {
    const outcome = await push(sender(), message({}, { payload: { sdp: 'x'.repeat(5200) } }))
    expect(outcome).toMatchObject({ kind: 'refused' })
    expect(outcome).toHaveProperty('detail', expect.stringMatching(/APNs takes 5120/))
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

describe('APNs without a key', () => {
  it.each(['/nowhere/key.p8', '-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----'])(
    'is refused when it is made: %s',
    (key) => {
      expect(() => createApnsSender({ key, keyId: 'K', teamId: 'T' })).toThrow(/token/i)
    },
  )
})
