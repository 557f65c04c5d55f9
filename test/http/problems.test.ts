import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { httpApp } from '../../src/http/app.js'
import { operation } from '../../src/http/operation.js'
import type { Gatekeeper } from '../../src/http/security.js'
import { RecordingLog } from '../wake/recording-log.js'
import { ask, startServer } from './support/server.js'
import { sendRaw } from './support/raw.js'

const thing = z.strictObject({ 'a/b': z.array(z.object({ c: z.int().min(1) })).optional() })

/** A server whose one route reads a body and does with it as `handler` says. */
async function withRoute(handler: (body: unknown) => object): Promise<{ url: string; log: RecordingLog }> {
  const log = new RecordingLog()
  const post = operation({
    id: 'postThing',
    tag: 'server',
    summary: 'Takes a thing',
    security: 'none',
    body: thing.optional(),
    responses: { 200: { description: 'What came of it', json: z.unknown() } },
    handle: ({ body }) => ({ status: 200, body: handler(body) }),
  })
  const everybody: Gatekeeper = () => Promise.resolve({ scheme: 'none', claims: null })
  const app = httpApp([{ url: '/v1/things', methods: { POST: post } }], everybody, log)
  onTestFinished(() => app.close())
  return { url: `${await app.listen({ host: '127.0.0.1', port: 0 })}/v1/things`, log }
}

const json = (body: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body,
})

describe('errors of the API', () => {
  it('are RFC 9457 problems with a type that stays', async () => {
    const { get } = await startServer()
    const answer = await get('/v1/nothing?token=x')
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(answer.json()).toEqual({
      type: '/problems/not-found',
      title: 'Not Found',
      status: 404,
      detail: 'There is nothing at /v1/nothing.',
    })
  })

  it('name the methods that there are, for another one', async () => {
    const { get } = await startServer()
    const answer = await get('/readyz', { method: 'DELETE' })
    expect(answer.json()).toMatchObject({ type: '/problems/method-not-allowed', status: 405 })
    expect(answer.headers.get('allow')).toBe('GET, HEAD')
  })

  it('refuse a body that is too large', async () => {
    const { url } = await withRoute(() => ({}))
    const answer = await ask(url, json(JSON.stringify('x'.repeat(300 * 1024))))
    expect(answer.json()).toMatchObject({ type: '/problems/too-large', status: 413 })
  })

  it('refuse a body that is no JSON', async () => {
    const { url } = await withRoute(() => ({}))
    expect((await ask(url, json('{"a":'))).json()).toMatchObject({
      type: '/problems/bad-request',
      status: 400,
    })
  })

  it.each([
    ['{"a/b":[{"c":1},{"c":"x"}]}', '#/a~1b/1/c', 'expected number'],
    ['{"a/b":[{"c":0}]}', '#/a~1b/0/c', '>=1'],
    ['{"e f":1}', '#/e%20f', 'Unrecognized key'],
    ['[]', '#', 'expected object'],
    ['null', '#', 'expected object'],
  ])('name the field that is wrong in %s', async (body, pointer, detail) => {
    const { url } = await withRoute(() => ({}))
    expect((await ask(url, json(body))).json()).toMatchObject({
      type: '/problems/bad-request',
      status: 400,
      errors: [{ pointer, detail: expect.stringContaining(detail) as unknown }],
    })
  })

  it('are none where a body that may be left out is', async () => {
    const { url } = await withRoute((body) => ({ came: body === undefined }))
    expect((await ask(url, { method: 'POST' })).json()).toEqual({ came: true })
  })

  it.each(['token-used', 'call-ended', 'not-found'])(
    'of type %s have a page that says what it means',
    async (type) => {
      const { get } = await startServer()
      const { status, headers, text } = await get(`/problems/${type}`)
      expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8'])
      expect(text.startsWith(`${type} (4`)).toBe(true)
    },
  )

  it.each(['nothing', 'toString', '__proto__'])('have no type %s', async (type) => {
    const { get } = await startServer()
    expect((await get(`/problems/${type}`)).status).toBe(404)
  })

  it('refuse a body of another kind', async () => {
    const { url } = await withRoute(() => ({}))
    const answer = await ask(url, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: 'a,b' })
    expect(answer.json()).toMatchObject({ type: '/problems/unsupported-media-type', status: 415 })
  })

  it('keep a fault of the server to the log', async () => {
    const { url, log } = await withRoute(() => {
      throw new Error('secret inner workings')
    })
    const answer = await ask(url, json('{}'))
    expect(answer.json()).toEqual({ type: '/problems/internal', title: 'Internal Server Error', status: 500 })
    const [line] = log.at('error')
    expect(line?.fields['err']).toMatchObject({ message: 'secret inner workings' })
  })

  it('take an error of an engine that looks like HTTP for the fault that it is', async () => {
    const { url } = await withRoute(() => {
      throw Object.assign(new Error('upstream'), { statusCode: 404 })
    })
    expect((await ask(url, json('{}'))).status).toBe(500)
  })

  it('answer a path that cannot be decoded', async () => {
    const { base } = await startServer()
    const answer = await ask(`${base}/v1/admin/calls/%E0%A4%A`)
    expect(answer.json()).toMatchObject({ type: '/problems/bad-request', status: 400 })
  })

  it('answer bytes that are no HTTP', async () => {
    const { base } = await startServer()
    const answer = await sendRaw(base, 'INVITE sip:x SIP/2.0\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer).toContain('"type":"/problems/bad-request"')
  })

  it('answer headers that are too large', async () => {
    const { base } = await startServer()
    const answer = await sendRaw(base, `GET /healthz HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
    expect(answer).toContain('"type":"/problems/headers-too-large"')
  })
})
