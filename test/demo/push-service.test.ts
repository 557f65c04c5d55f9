import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PushService } from '../../src/demo/index.js'

let service: PushService
beforeEach(async () => {
  service = await PushService.open()
})
afterEach(() => service.close())

function post(token: string): Promise<Response> {
  const body = JSON.stringify({ device: { id: 'd', provider: 'acme', token }, kind: 'call' })
  return fetch(service.url.replace('{token}', token), { method: 'POST', body })
}

describe('the push service', () => {
  it('takes a push, and gives it to who waits for that device', async () => {
    const [first, second] = [service.nextPush('one'), service.nextPush('two')]
    expect((await post('two')).status).toBe(200)
    expect((await post('one')).status).toBe(200)
    expect((await first).path).toBe('/push/one')
    expect((await second).payload).toMatchObject({ kind: 'call', device: { provider: 'acme' } })
    expect(service.pushesTo('one')).toHaveLength(1)
  })

  it('gives each push once', async () => {
    await post('one')
    await service.nextPush()
    await expect(service.nextPush('one', 10)).rejects.toThrow('no push to one within 10 ms')
  })

  it('answers by script, and delivers only what it took', async () => {
    service.answerOnce({ status: 503, headers: { 'retry-after': '1' } }, { instead: 'drop' })
    service.answerWith(({ token }) => (token === 'gone' ? { status: 410 } : { delayMs: 20 }))
    const refused = await post('one')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    await expect(post('one')).rejects.toThrow()
    expect((await post('gone')).status).toBe(410)
    const delivered = service.nextDelivery('one')
    expect((await post('one')).status).toBe(200)
    expect((await delivered).answered).toEqual({ delayMs: 20 })
    expect(service.pushes).toHaveLength(4)
  })

  it('may never answer, and still closes', async () => {
    service.answerWith({ instead: 'hang' })
    const hanging = post('one').catch(() => 'cut')
    await service.nextPush('one')
    await service.close()
    expect(await hanging).toBe('cut')
  })

  it('survives a body that is no JSON', async () => {
    const response = await fetch(`http://127.0.0.1:${service.port}/push/x`, { method: 'POST', body: 'hello' })
    expect(response.status).toBe(200)
    expect((await service.nextPush()).payload).toEqual({})
  })
})
