import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createHttp } from '../../src/http/index.js'
import { FakeStore } from '../support/fake-store.js'
import { RecordingLog } from '../wake/recording-log.js'
import { startServer } from './support/server.js'

/** What holds a request until the test lets it go. */
function gate() {
  const { promise: entered, resolve: enter } = deferred()
  const { promise: opened, resolve: open } = deferred()
  return { entered, open, pass: () => (enter(), opened) }
}

function deferred() {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

describe('the end of the HTTP server', () => {
  it('waits for a request that is under way', async () => {
    const { entered, open, pass } = gate()
    const { get, close } = await startServer({
      readiness: () => pass().then(() => ({ ready: true, parts: {} })),
    })
    const answer = get('/readyz')
    await entered
    const closed = close(60_000)
    open()
    expect((await answer).status).toBe(200)
    await closed
  })

  it('cuts off a request that takes too long', async () => {
    const { entered, open, pass } = gate()
    const { get, close } = await startServer({
      readiness: () => pass().then(() => ({ ready: true, parts: {} })),
    })
    const answer = get('/readyz')
    const failed = expect(answer).rejects.toThrow()
    await entered
    await close(1)
    await failed
    open()
  })

  it('closes connections that say nothing', async () => {
    const { base, close } = await startServer()
    const socket = connect(Number(new URL(base).port), '127.0.0.1')
    await once(socket, 'connect')
    const gone = once(socket, 'close')
    socket.resume()
    await close(1)
    await gone
  })

  it('says so where its port is taken', async () => {
    const { base } = await startServer()
    const second = createHttp({
      host: '127.0.0.1',
      port: Number(new URL(base).port),
      readiness: () => Promise.resolve({ ready: true, parts: {} }),
      metrics: { text: () => Promise.resolve(''), contentType: 'text/plain' },
      store: new FakeStore(),
      live: () => ({ calls: 0, legs: 0, timers: 0, byPhase: {} }),
      log: new RecordingLog(),
    })
    await expect(second.listen()).rejects.toThrow('EADDRINUSE')
    await second.close()
  })
})
