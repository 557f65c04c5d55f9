import { describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { ChannelNode, openSite } from '../channel/support/node.js'
import { startApi } from './support/api.js'
import { startServer } from './support/server.js'

const PAGE = 'https://app.example.com'

const from = (origin: string, more: RequestInit = {}): RequestInit => ({
  ...more,
  headers: { origin, ...(more.headers as Record<string, string> | undefined) },
})
const preflight = (origin: string): RequestInit =>
  from(origin, { method: 'OPTIONS', headers: { 'access-control-request-method': 'PUT' } })

describe('a web page', () => {
  it('of a configured origin may use the API, and is told so before it asks', async () => {
    const { base } = await startApi({ origins: [PAGE] })
    const answer = await fetch(`${base}/v1/devices/d1`, preflight(PAGE))
    expect([answer.status, Object.fromEntries(answer.headers)]).toMatchObject([
      204,
      {
        'access-control-allow-origin': PAGE,
        'access-control-allow-methods': 'GET, PUT, POST, PATCH, DELETE',
        'access-control-allow-headers': 'Authorization, Content-Type',
        vary: 'Origin',
      },
    ])
    const asked = await fetch(`${base}/v1/devices/d1`, from(PAGE, { method: 'DELETE' }))
    expect(asked.status).toBe(401)
    expect(asked.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(asked.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate')
  })

  it('of any origin may where that is configured', async () => {
    const { base } = await startApi({ origins: ['*'] })
    const answer = await fetch(`${base}/v1/calls/x`, from('https://elsewhere.example'))
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://elsewhere.example')
  })

  it.each([
    ['of another origin', [PAGE], 'https://app.example.com.evil.example'],
    ['of the same host by another scheme', [PAGE], 'http://app.example.com'],
    ['where none is configured', [], PAGE],
  ])('%s may not', async (_, origins, origin) => {
    const { base } = await startApi({ origins })
    for (const request of [preflight(origin), from(origin, { method: 'DELETE' })]) {
      const answer = await fetch(`${base}/v1/devices/d1`, request)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('is never the admin where that one needs no token', async () => {
    const { get } = await startServer({ origins: ['*'] })
    expect((await get('/v1/admin/devices')).status).toBe(200)
    const answer = await get('/v1/admin/devices', from('https://evil.example'))
    expect([answer.status, answer.json()]).toMatchObject([403, { type: '/problems/admin-disabled' }])
  })
})

describe('a WebSocket', () => {
  async function open(node: ChannelNode, options: { readonly origin?: string }): Promise<number> {
    const websocket = new WebSocket(`${node.base.replace('http', 'ws')}/v1/client`, options)
    return new Promise((resolve, reject) => {
      websocket.once('open', () => {
        websocket.terminate()
        resolve(101)
      })
      websocket.once('unexpected-response', (_, response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      websocket.once('error', reject)
    })
  }

  it('is opened for the pages of configured origins, and for what is no page', async () => {
    const node = await ChannelNode.start(await openSite(), { origins: [PAGE] })
    expect(await open(node, { origin: PAGE })).toBe(101)
    expect(await open(node, {})).toBe(101)
    expect(await open(node, { origin: 'https://evil.example' })).toBe(403)
  })

  it('is opened for any page where none is configured', async () => {
    const node = await ChannelNode.start(await openSite())
    expect(await open(node, { origin: 'https://evil.example' })).toBe(101)
  })
})
