import { describe, expect, it } from 'vitest'
import type { Device } from '../../src/ports/store.js'
import { hungUp, record, START, wokenCall } from '../observe/support/course.js'
import { sendRaw } from './support/raw.js'
import { startServer } from './support/server.js'

const token = 'a-token-of-the-admin'
const bearer = (value: string): RequestInit => ({ headers: { authorization: `Bearer ${value}` } })

const device: Device = {
  id: 'd1',
  user: 'alice',
  instance: 'urn:uuid:1',
  push: { provider: 'acme', token: '0123456789abcdefghij', param: 'bundle' },
  createdAt: START,
  seenAt: START + 1,
  retired: null,
}

describe('who may use the admin API', () => {
  it('is who has the token', async () => {
    const { get } = await startServer({ adminToken: token })
    expect((await get('/v1/admin/calls', bearer(token))).status).toBe(200)
  })

  it('is nobody without the token', async () => {
    const { get } = await startServer({ adminToken: token })
    const answer = await get('/v1/admin/calls')
    expect(answer.json()).toMatchObject({ type: '/problems/unauthorized', status: 401 })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="reveille"')
  })

  it.each(['wrong', `${token}x`, token.slice(1), token.toUpperCase()])(
    'is nobody with the token %s',
    async (wrong) => {
      const { get } = await startServer({ adminToken: token })
      const answer = await get('/v1/admin/devices', bearer(wrong))
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    },
  )

  it('is asked before anything is said of what there is', async () => {
    const { get } = await startServer({ adminToken: token })
    expect((await get('/v1/admin/calls/c1')).status).toBe(401)
    expect((await get('/v1/admin/calls', { method: 'POST' })).status).toBe(401)
  })

  it('is everybody on this machine, where the server listens on loopback only and has no token', async () => {
    const { get, base } = await startServer()
    expect((await get('/v1/admin/calls')).status).toBe(200)
    const { port } = new URL(base)
    for (const host of [`localhost:${port}`, `[::1]:${port}`, '127.0.0.1']) {
      const answer = await sendRaw(base, rawGet('/v1/admin/calls', host))
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    }
  })

  it('is no web page whose name was made to point at loopback', async () => {
    const { base } = await startServer()
    const answer = await sendRaw(base, rawGet('/v1/admin/calls', 'evil.example:80'))
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(answer).toContain('"type":"/problems/admin-disabled"')
  })

  it('is nobody, where the server listens on every address and has no token', async () => {
    const { get } = await startServer({ host: '0.0.0.0' })
    const answer = await get('/v1/admin/calls')
    expect(answer.json()).toMatchObject({ type: '/problems/admin-disabled', status: 403 })
    expect((await get('/healthz')).status).toBe(200)
  })
})

describe('the admin API', () => {
  it('lists the latest calls, newest first, and what is open', async () => {
    const { get, store } = await startServer()
    await store.saveCalls(
      ['c1', 'c2', 'c3'].map((id, n) => record(id, { startedAt: START + n })),
      [],
    )
    const answer = await get('/v1/admin/calls?limit=2')
    expect(answer.json()).toEqual({
      live: { calls: 1, legs: 2, timers: 3, byPhase: { bridged: 1 } },
      calls: [record('c3', { startedAt: START + 2 }), record('c2', { startedAt: START + 1 })],
    })
  })

  it.each(['limit=0', 'limit=1001', 'limit=many', 'limit=1.5', 'limt=5'])(
    'refuses the query %s',
    async (query) => {
      const { get } = await startServer()
      const answer = await get(`/v1/admin/calls?${query}`)
      expect(answer.json()).toMatchObject({ type: '/problems/bad-request', status: 400 })
      expect((answer.json() as { detail: string }).detail).toContain('lim')
    },
  )

  it('shows one call: record, timeline, journal', async () => {
    const { get, store } = await startServer()
    const call = record('c1', { ending: hungUp })
    await store.saveCalls([call], wokenCall())
    const answer = await get('/v1/admin/calls/c1')
    expect(answer.json()).toMatchObject({
      call,
      timeline: { startedAt: START, stages: { push_sent: 1250, ended: 9_001_000 }, ending: hungUp },
      events: wokenCall().map(({ seq, at, type }) => ({ seq, at, type })),
    })
  })

  it('shows the ending of a call that the server did not survive', async () => {
    const { get, store } = await startServer()
    const interrupted = { cause: 'interrupted', by: 'server', status: 503 } as const
    await store.saveCalls([record('c1', { ending: interrupted })], wokenCall().slice(0, 5))
    expect((await get('/v1/admin/calls/c1')).json()).toMatchObject({ timeline: { ending: interrupted } })
  })

  it('keeps device tokens that came with a REGISTER to itself', async () => {
    const { get, store } = await startServer()
    const contactHeader = '<sip:a@h;pn-provider=acme;pn-prid=0123456789abcdef>'
    const event = {
      callId: 'c1',
      seq: 0,
      at: START,
      type: 'registered',
      data: { contact: { contactHeader } },
    }
    await store.saveCalls([record('c1')], [event])
    expect((await get('/v1/admin/calls/c1')).text).not.toContain('0123456789abcdef')
  })

  it.each(['unknown', '%00', 'a%2Fb', "x'--"])('knows no call %s', async (id) => {
    const { get } = await startServer()
    const answer = await get(`/v1/admin/calls/${id}`)
    expect(answer.json()).toMatchObject({ type: '/problems/not-found', status: 404 })
  })

  it('lists devices, of each token only the last characters', async () => {
    const { get, store } = await startServer()
    await store.putDevice(device)
    await store.putDevice({ ...device, id: 'd2', push: null, retired: { at: START + 2, reason: '410' } })
    const short = { ...device, id: 'd3', push: { provider: 'acme', token: 'short' } }
    await store.putDevice({ ...short, callsIn: true, region: 'eu' })
    const { text, json } = await get('/v1/admin/devices')
    const shown = { ...device, delivery: 'invite', region: null }
    expect(json()).toEqual({
      devices: [
        { ...shown, push: { provider: 'acme', token: '…efghij', param: 'bundle' } },
        { ...shown, id: 'd2', push: null, retired: { at: START + 2, reason: '410' } },
        {
          ...{ ...shown, id: 'd3', delivery: 'call-in', region: 'eu' },
          push: { provider: 'acme', token: '…', param: null },
        },
      ],
    })
    expect(text).not.toContain('0123456789')
  })

  it('answers 503 and when to come back while the database is away', async () => {
    const { get, store, log } = await startServer()
    store.failWhile(() => true)
    const answer = await get('/v1/admin/calls')
    expect(answer.json()).toMatchObject({ type: '/problems/unavailable', status: 503 })
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(log.at('warn')).toHaveLength(1)
  })
})

function rawGet(path: string, host: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
}
