import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFcmSender, type FcmOptions } from '../../../src/adapters/fcm/fcm-sender.js'
import type { PushMessage, PushOutcome, PushSender } from '../../../src/ports/push.js'
import { type FcmService, startFcmService } from '../../support/push/fcm-service.js'
import { answer, drop, hang } from '../../support/push/script.js'

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
    expect(sent.android).toMatchObject({ priority: 'high', collapse_key: 'c-1' })
    const seconds = Number(/^([\d.]+)s$/.exec(sent.android.ttl ?? '')?.[1])
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(30)
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
    expect(await push(from, message({ payload: { sdp: 'x'.repeat(5000) } }))).toMatchObject({
      kind: 'refused',
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
  ])('answered with %i %s is %s, and asked once', async (status, code, kind) => {
    service.script.next(service.error(status, code, 'for a test'))
    const outcome = await push(await sender())
    expect(outcome.kind).toBe(kind)
    expect(service.inbox.items).toHaveLength(1)
  })

  it.each([429, 503])(
    'passes the Retry-After of a %i on, which firebase-admin keeps to itself',
    async (status) => {
      service.script.next(
        service.error(status, status === 429 ? 'QUOTA_EXCEEDED' : 'UNAVAILABLE', 'busy', {
          'retry-after': '40',
        }),
      )
      expect(await push(await sender())).toMatchObject({ kind: 'retry', afterMs: 40_000 })
    },
  )

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
