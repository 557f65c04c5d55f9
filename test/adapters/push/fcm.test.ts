import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFcmSender, type FcmOptions } from '../../../src/adapters/fcm/fcm-sender.js'
import type { PushMessage, PushOutcome, PushSender } from '../../../src/ports/push.js'
import { type FcmService, startFcmService } from '../../support/push/fcm-service.js'
import { answer, drop, hang, type Reply } from '../../support/push/script.js'

let service: FcmService
const senders: PushSender[] = []

beforeEach(async () => {
  service = await startFcmService()
})

afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.close()))
  await service.close()
})

async function sender(options: Partial<FcmOptions> = {}): Promise<PushSender> {
  const { host, port, ca, serviceAccount } = service
  const made = await createFcmSender({ serviceAccount, endpoint: { host, port, ca }, ...options })
  senders.push(made)
  return made
}

function message(more: Partial<PushMessage> = {}): PushMessage {
  return {
    device: { id: 'dev-1', provider: 'fcm', token: 'fcm-1' },
    kind: 'call',
    payload: { callId: 'c-1' },
    expiresAt: (Date.now() + 30_000) * 1000,
    collapseKey: 'c-1',
    ...more,
  }
}

async function push(from: PushSender, content = message()): Promise<PushOutcome> {
  return from.send(content, new AbortController().signal)
}

describe('an FCM push', () => {
  it('is a data message of high priority that lives as long as the call waits', async () => {
    const outcome = await push(
      await sender(),
      message({ payload: { callId: 'c-1', try: 2, edge: { a: [1] } } }),
    )
    expect(outcome).toMatchObject({ kind: 'delivered', id: expect.stringMatching(/^projects\//) as string })
    const { path, message: sent } = service.inbox.last()
    expect(path).toBe('/v1/projects/reveille-test/messages:send')
    expect(Object.keys(sent).sort()).toEqual(['android', 'data', 'token'])
    expect(sent.token).toBe('fcm-1')
    expect(sent.data).toMatchObject({ callId: 'c-1', try: '2', edge: '{"a":[1]}', kind: 'call' })
    expect(Object.values(sent.data).every((value) => typeof value === 'string')).toBe(true)
    expect(Object.keys(sent.android).sort()).toEqual(['collapse_key', 'priority', 'ttl'])
    expect(sent.android).toMatchObject({ priority: 'HIGH', collapse_key: 'c-1' })
    const seconds = Number(/^(\d+)s$/.exec(sent.android.ttl ?? '')?.[1])
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(30)
  })

  it.each([
    ['over', -1000, '0s'],
    ['further than FCM keeps anything', 40 * 86_400_000, '2419200s'],
  ])('is one of a time to live that FCM takes, where the deadline is %s', async (_, ms, ttl) => {
    const expiresAt = (Date.now() + ms) * 1000
    expect(await push(await sender(), message({ expiresAt }))).toMatchObject({ kind: 'delivered' })
    expect(service.inbox.last().message.android.ttl).toBe(ttl)
  })

  it('may have 4,096 bytes of keys and values, and is refused here with its size above that', async () => {
    const from = await sender()
    const offer = (length: number): PushMessage => message({ payload: { offer: 'ü'.repeat(length / 2) } })
    await push(from, offer(2))
    const size = Object.entries(service.inbox.last().message.data).join('').length - 3
    expect(await push(from, offer(4096 - size + 1))).toMatchObject({ kind: 'delivered' })
    const { data } = service.inbox.last().message
    expect(Buffer.byteLength(Object.entries(data).flat().join(''))).toBeGreaterThan(4090)
    expect(await push(from, offer(6000))).toMatchObject({
      kind: 'refused',
      detail: expect.stringMatching(/^the payload has 60\d\d bytes; FCM takes 4096$/) as string,
    })
    expect(service.inbox.items).toHaveLength(2)
  })

  it('tells endings too', async () => {
    const from = await sender()
    expect(from.tellsEndings).toBe(true)
    expect(await push(from, message({ kind: 'ended' }))).toMatchObject({ kind: 'delivered' })
    expect(service.inbox.last().message.data['kind']).toBe('ended')
  })

  it('asks for an access token once, by a JWT of the service account', async () => {
    const from = await sender()
    await Promise.all([push(from), push(from), push(from)])
    await push(from)
    expect(service.inbox.items).toHaveLength(4)
    expect(service.tokenInbox.items).toHaveLength(1)
    expect(service.tokenInbox.last().get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
  })

  it('takes the service account from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'reveille-fcm-'))
    try {
      const file = join(folder, 'account.json')
      await writeFile(file, JSON.stringify(service.serviceAccount))
      expect(await push(await sender({ serviceAccount: file }))).toMatchObject({ kind: 'delivered' })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('410 cleans nothing: an unregistered token is gone', async () => {
    service.unregistered.add('fcm-1')
    expect(await push(await sender())).toMatchObject({ kind: 'gone' })
  })

  it('a token that is none is gone, and a message that is wrong is not', async () => {
    const from = await sender()
    const device = { id: 'dev-1', provider: 'fcm', token: 'malformed' }
    expect(await push(from, message({ device }))).toMatchObject({ kind: 'gone' })
    service.script.next(invalid('message.token'), invalid('message.android.ttl'))
    expect(await push(from)).toMatchObject({ kind: 'gone' })
    expect(await push(from)).toMatchObject({ kind: 'refused' })
  })

  it('no token dies of a project that does not exist', async () => {
    service.script.next(service.error(404, 'NOT_FOUND', 'Requested entity was not found.'))
    expect(await push(await sender())).toEqual({
      kind: 'refused',
      detail: 'FCM answered 404 NOT_FOUND: Requested entity was not found.',
    })
  })

  it('malformed prid: an empty token is refused and nothing is sent', async () => {
    const device = { id: 'dev-1', provider: 'fcm', token: '' }
    const outcome = await push(await sender(), message({ device }))
    expect(outcome.kind).toBe('refused')
    expect(service.inbox.items).toHaveLength(0)
  })

  it.each([
    [400, 'INVALID_ARGUMENT', 'refused'],
    [403, 'SENDER_ID_MISMATCH', 'refused'],
    [401, 'THIRD_PARTY_AUTH_ERROR', 'refused'],
    [404, 'UNREGISTERED', 'gone'],
    [429, 'QUOTA_EXCEEDED', 'retry'],
    [500, 'INTERNAL', 'retry'],
    [503, 'UNAVAILABLE', 'retry'],
    [500, 'UNSPECIFIED_ERROR', 'retry'],
    [403, 'PERMISSION_DENIED', 'refused'],
  ])('answered with %i %s is %s, says so, and is asked once', async (status, code, kind) => {
    service.script.next(service.error(status, code, 'for a test'))
    const outcome = await push(await sender())
    expect(outcome).toMatchObject({ kind, detail: `FCM answered ${status} ${code}: for a test` })
    expect(service.inbox.items).toHaveLength(1)
    expect(service.tokenInbox.items).toHaveLength(1)
  })

  it.each([429, 503])('waits as long as the Retry-After of a %i asks for', async (status) => {
    service.script.next(
      service.error(status, status === 429 ? 'QUOTA_EXCEEDED' : 'UNAVAILABLE', 'busy', {
        'retry-after': '40',
      }),
    )
    expect(await push(await sender())).toMatchObject({ kind: 'retry', afterMs: 40_000 })
  })

  it('understands a Retry-After that is a date, by the clock of who sent it', async () => {
    const headers = {
      date: 'Thu, 01 Jan 2026 12:00:00 GMT',
      'retry-after': 'Thu, 01 Jan 2026 12:00:09 GMT',
    }
    service.script.next(service.error(503, 'UNAVAILABLE', 'busy', headers))
    expect(await push(await sender())).toMatchObject({ kind: 'retry', afterMs: 9000 })
  })

  it('is tried again where the connection breaks in the middle of the answer', async () => {
    service.script.next({ kind: 'break', status: 200 })
    const from = await sender()
    expect(await push(from)).toMatchObject({ kind: 'retry' })
    expect(await push(from)).toMatchObject({ kind: 'delivered' })
  })

  it('is tried again where a gateway answers for FCM in HTML', async () => {
    service.script.next(answer(502, { body: '<html>Bad Gateway</html>' }))
    expect(await push(await sender())).toMatchObject({ kind: 'retry' })
  })

  it('says which key of the payload FCM would refuse', async () => {
    const outcome = await push(await sender(), message({ payload: { from: '+15550100' } }))
    expect(outcome).toEqual({ kind: 'refused', detail: 'FCM keeps the payload\'s key "from" for itself' })
    expect(service.inbox.items).toHaveLength(0)
  })

  it('an abort ends the request itself', async () => {
    const from = await sender()
    await push(from)
    const controller = new AbortController()
    service.script.next(hang)
    const sending = from.send(message(), controller.signal)
    await service.inbox.atLeast(2)
    controller.abort(new Error('caller gave up'))
    await expect(sending).rejects.toThrow('caller gave up')
    expect(await service.abandoned.atLeast(1)).toEqual(['/v1/projects/reveille-test/messages:send'])
    expect(await push(from)).toMatchObject({ kind: 'delivered' })
  })
})

describe('the access token for FCM', () => {
  it('is asked for by an assertion that Google would take', async () => {
    await push(await sender())
    const [header, claims] = (service.tokenInbox.last().get('assertion') ?? '')
      .split('.')
      .slice(0, 2)
      .map(fromBase64Json)
    expect(header).toEqual({ alg: 'RS256', typ: 'JWT', kid: service.serviceAccount.private_key_id })
    expect(claims).toEqual({
      iss: service.serviceAccount.client_email,
      scope: 'https://www.googleapis.com/auth/firebase.messaging',
      aud: 'https://oauth2.googleapis.com/token',
      iat: expect.any(Number) as number,
      exp: Number(claims?.['iat']) + 3600,
    })
  })

  it('is a new one for the push after its end', async () => {
    service.tokenLifeS = 300
    const from = await sender()
    for (const _ of [1, 2]) expect(await push(from)).toMatchObject({ kind: 'delivered' })
    const used = service.inbox.items.map((item) => item.headers.authorization)
    expect(new Set(used).size).toBe(2)
    service.tokenLifeS = 3600
    for (const _ of [1, 2]) expect(await push(from)).toMatchObject({ kind: 'delivered' })
    expect(service.tokenInbox.items).toHaveLength(3)
  })

  it('that was revoked is given up, and the next push goes out with another', async () => {
    const from = await sender()
    await push(from)
    service.revokeTokens()
    expect(await push(from)).toMatchObject({ kind: 'retry', afterMs: 0 })
    expect(await push(from)).toMatchObject({ kind: 'delivered' })
    expect(service.tokenInbox.items).toHaveLength(2)
  })

  it('is not asked for with every push of an account that FCM never lets in', async () => {
    service.script.always(service.error(401, 'UNAUTHENTICATED', 'no'))
    const from = await sender()
    const outcomes: string[] = []
    for (const _ of [1, 2, 3, 4]) outcomes.push((await push(from)).kind)
    expect(outcomes).toEqual(['retry', 'refused', 'refused', 'refused'])
    expect(service.tokenInbox.items).toHaveLength(2)
  })

  it('is refused to an account that Google does not know, and that is final', async () => {
    service.tokenScript.next(answer(400, { body: { error: 'invalid_grant' } }))
    const outcome = await push(await sender())
    expect(outcome).toMatchObject({ kind: 'refused' })
    expect(outcome).toHaveProperty('detail', expect.stringMatching(/answered 400.*invalid_grant/))
    expect(service.inbox.items).toHaveLength(0)
  })

  it.each([
    ['is busy', answer(503)],
    ['drops the connection', drop],
    ['answers nonsense', answer(200, { body: 'hello' })],
  ])('is asked for again where its endpoint %s', async (_, reply) => {
    service.tokenScript.next(reply)
    const from = await sender()
    expect(await push(from)).toMatchObject({ kind: 'retry' })
    expect(await push(from)).toMatchObject({ kind: 'delivered' })
  })

  it('does not hold pushes for ever where its endpoint hangs', async () => {
    service.tokenScript.next(hang)
    const from = await sender({ timeoutMs: 300 })
    expect((await push(from)).kind).toBe('retry')
    for (let attempt = 0; attempt < 20 && service.inbox.items.length === 0; attempt++) await push(from)
    expect(service.inbox.items.length).toBeGreaterThan(0)
  })

  it('does not hold up closing', async () => {
    service.tokenScript.next(hang)
    const from = await sender({ timeoutMs: 60_000 })
    const sending = push(from)
    await service.tokenInbox.atLeast(1)
    await from.close()
    expect(await sending).toEqual({ kind: 'refused', detail: 'FCM was closed' })
  })
})

/** Google's answer to a request of which one field is wrong. */
function invalid(field: string): Reply {
  const fieldViolations = [{ field, description: 'Invalid value' }]
  const details = [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations }]
  const message = 'Request contains an invalid argument.'
  return answer(400, { body: { error: { code: 400, message, status: 'INVALID_ARGUMENT', details } } })
}

function fromBase64Json(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>
}

describe('FCM without a usable service account', () => {
  it.each([
    ['no project', { project_id: '' }, /no "project_id"/],
    ['no address', { client_email: undefined }, /no "client_email"/],
    ['no key', { private_key: 'none' }, /./],
  ])('is refused when it is made: %s', async (_, broken, problem) => {
    const serviceAccount = { ...service.serviceAccount, ...broken }
    await expect(createFcmSender({ serviceAccount })).rejects.toThrow(problem)
  })
})
