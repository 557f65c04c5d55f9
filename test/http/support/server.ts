import { onTestFinished } from 'vitest'
import { createHttp, type HttpOptions } from '../../../src/http/index.js'
import { FakeStore } from '../../support/fake-store.js'
import { RecordingLog } from '../../wake/recording-log.js'
import { ApiDocument } from './api-document.js'

export interface TestServer {
  readonly base: string
  readonly store: FakeStore
  readonly log: RecordingLog
  /** Rejects where the answer is none that the server's OpenAPI document tells of. */
  readonly get: (path: string, init?: RequestInit) => Promise<Answer>
  readonly close: (withinMs?: number) => Promise<void>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON. */
  readonly json: () => unknown
}

/** The HTTP server on a free port of loopback, with a store in memory; closed when the test is over. */
export async function startServer(options: Partial<HttpOptions> = {}): Promise<TestServer> {
  const store = new FakeStore()
  const log = new RecordingLog()
  const server = createHttp({
    host: '127.0.0.1',
    port: 0,
    readiness: () => Promise.resolve({ ready: true, parts: { sip: 'up', database: 'up' } }),
    metrics: {
      text: () => Promise.resolve('reveille_open_legs 0\n'),
      contentType: 'text/plain; version=0.0.4',
    },
    store,
    live: () => ({ calls: 1, legs: 2, timers: 3, byPhase: { bridged: 1 } }),
    log,
    ...options,
  })
  const { port } = await server.listen()
  const base = `http://127.0.0.1:${String(port)}`
  onTestFinished(() => server.close())
  const document = await ApiDocument.of(base)
  return {
    base,
    store,
    log,
    async get(path, init) {
      const answer = await ask(base + path, init)
      document.check(init?.method ?? 'GET', base + path, answer)
      return answer
    },
    close: (withinMs) => server.close(withinMs),
  }
}

export async function ask(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as unknown }
}
