import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createWebhookSender, type WebhookOptions } from '../../../src/adapters/webhook/webhook-sender.js'
import { retryAfterMs } from '../../../src/adapters/webhook/retry-after.js'
import type { PushMessage, PushOutcome, PushSender, PushTarget } from '../../../src/ports/push.js'
import { answer, drop } from '../../support/push/script.js'
import { startWebhookService, type WebhookService } from '../../support/push/webhook-service.js'

let service: WebhookService
const senders: PushSender[] = []

beforeEach(async () => {
  service = await startWebhookService()
})

afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.close()))
  await service.close()
})

function sender(options: Partial<WebhookOptions> = {}): PushSender {
  const made = createWebhookSender({ url: `${service.origin}/push/{token}`, ...options })
  senders.push(made)
  return made
}

function message(device: Partial<PushTarget & { id: string }> = {}): PushMessage {
  return {
    device: { id: 'dev-1', provider: 'acme', token: 'tok-1', ...device },
    kind: 'call',
    payload: { callId: 'c-1' },
    expiresAt: Date.UTC(2031, 0, 1) * 1000,
  }
}

async function push(from: PushSender, content = message()): Promise<PushOutcome> {
  return from.send(content, new AbortController().signal)
}

describe('a webhook push', () => {
  it('posts JSON with the device, the kind, the expiry and the payload', async () => {
    await push(sender(), message({ param: 'team.app' }))
    const { method, headers, body } = service.inbox.last()
    expect(method).toBe('POST')
    expect(headers['content-type']).toBe('application/json')
    expect(body).toEqual({
      device: { id: 'dev-1', provider: 'acme', token: 'tok-1', param: 'team.app' },
      kind: 'call',
      expiresAt: '2031-01-01T00:00:00.000Z',
      expiresAtMs: Date.UTC(2031, 0, 1),
      callId: 'c-1',
    })
  })

  it('fills token and device into the URL, encoded', async () => {
    const url = `${service.origin}/{device}/push?t={token}&again={token}`
    await push(sender({ url }), message({ id: 'a/b', token: 'x y&z=ü?#' }))
    const token = 'x%20y%26z%3D%C3%BC%3F%23'
    expect(service.inbox.last().path).toBe(`/a%2Fb/push?t=${token}&again=${token}`)
  })

  it.each(['..', '.', '', '\ud800'])(
    'malformed prid: the token %j is refused and nothing is sent',
    async (token) => {
      expect(await push(sender(), message({ token }))).toEqual({
        kind: 'refused',
        detail: 'malformed device token or id',
      })
      expect(service.inbox.items).toHaveLength(0)
    },
  )

  it('carries the configured headers, and those of the contract win', async () => {
    await push(sender({ headers: { authorization: 'Bearer s3cret', 'content-type': 'text/plain' } }))
    const { headers } = service.inbox.last()
    expect(headers.authorization).toBe('Bearer s3cret')
    expect(headers['content-type']).toBe('application/json')
  })

  it('keeps the connection for the next push', async () => {
    const from = sender()
    await push(from)
    await push(from)
    expect(service.inbox.items.map((item) => item.connection)).toEqual([1, 1])
  })

  it('opens no more connections than allowed', async () => {
    const from = sender({ maxConnections: 3 })
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => push(from)))
    expect(outcomes.every((outcome) => outcome.kind === 'delivered')).toBe(true)
    expect(Math.max(...service.inbox.items.map((item) => item.connection))).toBe(3)
  })

  it('goes out again by itself where the service had just closed the kept connection', async () => {
    const from = sender()
    await push(from)
    service.script.next(drop)
    expect(await push(from)).toMatchObject({ kind: 'delivered' })
    expect(service.inbox.items.map((item) => item.connection)).toEqual([1, 1, 2])
  })

  it('takes the name of the push from the answer', async () => {
    service.script.next(answer(202, { body: { id: 'm-77' } }))
    expect(await push(sender())).toEqual({ kind: 'delivered', id: 'm-77' })
  })

  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [400, 'refused'],
    [401, 'refused'],
    [404, 'gone'],
    [410, 'gone'],
    [413, 'refused'],
    [429, 'retry'],
    [500, 'retry'],
    [502, 'retry'],
    [504, 'retry'],
  ])('answered with %i is %s', async (status, kind) => {
    service.script.next(answer(status))
    expect((await push(sender())).kind).toBe(kind)
  })

  it('says what the service said', async () => {
    service.script.next(answer(403, { body: 'tenant\n  is suspended' }))
    expect(await push(sender())).toEqual({
      kind: 'refused',
      detail: 'webhook answered 403: tenant is suspended',
    })
  })

  it('does not follow a redirect, and says where it led', async () => {
    service.script.next(answer(307, { headers: { location: `${service.origin}/elsewhere` } }))
    expect(await push(sender())).toEqual({
      kind: 'refused',
      detail: `webhook redirects (307) to ${service.origin}/elsewhere; that is not followed`,
    })
    expect(service.inbox.items).toHaveLength(1)
  })

  it('passes the Retry-After of a busy service on', async () => {
    service.script.next(
      answer(429, { headers: { 'retry-after': '7' } }),
      answer(503, {
        headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:09 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' },
      }),
      answer(503, { headers: { 'retry-after': 'soon' } }),
    )
    const from = sender()
    expect(await push(from)).toMatchObject({ kind: 'retry', afterMs: 7000 })
    expect(await push(from)).toMatchObject({ kind: 'retry', afterMs: 9000 })
    expect(await push(from)).not.toHaveProperty('afterMs')
  })

  it('counts by its status though the body never ends', async () => {
    service.script.always(({ path }) => ({ kind: 'stall', status: path.endsWith('dead') ? 410 : 200 }))
    const from = sender({ timeoutMs: 1000 })
    const outcomes = await Promise.all([push(from), push(from, message({ token: 'dead' }))])
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['delivered', 'gone'])
  })

  it('reads an endless body only so far', async () => {
    service.script.next(answer(500, { body: 'x'.repeat(5_000_000) }))
    const outcome = await push(sender())
    expect(outcome).toMatchObject({ kind: 'retry' })
    expect('detail' in outcome && outcome.detail.length).toBeLessThan(300)
  })

  it('is given up while it waits for a free connection', async () => {
    service.script.always({ kind: 'hang' })
    const from = sender({ maxConnections: 1 })
    const controller = new AbortController()
    const first = from.send(message(), controller.signal)
    await service.inbox.atLeast(1)
    const second = from.send(message(), controller.signal)
    controller.abort(new Error('call is over'))
    await expect(first).rejects.toThrow('call is over')
    await expect(second).rejects.toThrow('call is over')
  })
})

describe('a webhook that cannot be used is refused when it is made', () => {
  it.each([
    ['ftp://example.net/x', /no http\(s\) URL/],
    ['push.example.net/x', /Invalid URL/],
    ['https://{token}.example.net/', /placeholder before its path|Invalid URL/],
    ['https://example.net/{prid}', /other than \{token\} and \{device\}/],
    ['https://example.net/a b', /need URL-encoding/],
    ['https://me:secret@example.net/', /credentials belong into the headers/],
  ])('%s', (url, problem) => {
    expect(() => createWebhookSender({ url })).toThrow(problem)
  })

  it('for a header that breaks the request', () => {
    expect(() =>
      createWebhookSender({ url: 'http://127.0.0.1/', headers: { 'x-a': 'b\r\nx-c: d' } }),
    ).toThrow(TypeError)
  })
})

describe('Retry-After', () => {
  const now = Date.UTC(2030, 0, 1)

  it('is measured against our own clock where the service tells no time', () => {
    expect(retryAfterMs('Tue, 01 Jan 2030 00:00:04 GMT', undefined, now)).toBe(4000)
  })

  it('of the past means now', () => {
    expect(retryAfterMs('Mon, 31 Dec 2029 23:59:00 GMT', undefined, now)).toBe(0)
  })

  it.each([undefined, '', '-5', '1.5', 'later', '2030'])(
    '%j says nothing or is a number of seconds',
    (value) => {
      expect(retryAfterMs(value, undefined, now)).toBe(value === '2030' ? 2_030_000 : undefined)
    },
  )
})
