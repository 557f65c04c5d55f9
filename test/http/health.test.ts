import { describe, expect, it } from 'vitest'
import { startServer } from './support/server.js'

describe('health', () => {
  it('says that the process lives', async () => {
    const { get } = await startServer()
    const { status, json } = await get('/healthz')
    expect([status, json()]).toEqual([200, { status: 'ok' }])
  })

  it('says that the server is ready, part by part', async () => {
    const { get } = await startServer()
    const { status, json } = await get('/readyz')
    expect([status, json()]).toEqual([200, { ready: true, parts: { sip: 'up', database: 'up' } }])
  })

  it('answers 503 with the part that is down', async () => {
    const parts = { sip: 'up', database: 'down: connect ECONNREFUSED' } as const
    const { get } = await startServer({ readiness: () => Promise.resolve({ ready: false, parts }) })
    const { status, json } = await get('/readyz')
    expect([status, json()]).toEqual([503, { ready: false, parts }])
  })

  it('lives on while it is not ready', async () => {
    const { get } = await startServer({ readiness: () => Promise.resolve({ ready: false, parts: {} }) })
    expect((await get('/healthz')).status).toBe(200)
  })

  it('answers HEAD like GET, without a body', async () => {
    const { get } = await startServer()
    const { status, text } = await get('/healthz', { method: 'HEAD' })
    expect([status, text]).toEqual([200, ''])
  })

  it('gives the metrics in the Prometheus text format', async () => {
    const { get } = await startServer()
    const { status, headers, text } = await get('/metrics')
    expect([status, text]).toEqual([200, 'reveille_open_legs 0\n'])
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  })
})
