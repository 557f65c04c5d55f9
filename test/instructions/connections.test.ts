import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/adapters/system/clock.js'
import { WebClient } from '../../src/instructions/web/client.js'

const open: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** The connections of one application or several. */
interface Connections {
  readonly now: Set<Socket>
  most: number
}

async function application(listener: RequestListener, connections: Connections): Promise<URL> {
  const server = createServer({ keepAliveTimeout: 600_000 }, listener)
  server.on('connection', (socket) => {
    connections.now.add(socket)
    connections.most = Math.max(connections.most, connections.now.size)
    socket.once('close', () => connections.now.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}

function client(keepMs?: number): WebClient {
  const made = new WebClient({
    ...{ rules: { allowPrivate: ['127.0.0.1'], allowHttp: true }, clock: systemClock },
    ...(keepMs === undefined ? {} : { keepMs }),
  })
  open.push(() => made.close())
  return made
}

function ask(from: WebClient, url: URL) {
  const compose = () => ({ url, headers: {}, body: null })
  return from.ask({ url, method: 'GET', compose, timeoutMs: 30_000, most: 1000 })
}

/** Keeps answers back until so many requests have come, and none from then on. */
function gate(size: number, opens: () => void = () => undefined): RequestListener {
  const held: (() => void)[] = []
  let isOpen = false
  return (_request, response) => {
    held.push(() => response.end('.'))
    if (!isOpen && held.length === size) {
      isOpen = true
      opens()
    }
    if (isOpen) for (const answer of held.splice(0)) answer()
  }
}

describe('connections to applications', () => {
  test('are kept for the next request, and closed when there is none for long', async () => {
    const connections = { now: new Set<Socket>(), most: 0 }
    const url = await application((_request, response) => response.end('.'), connections)
    const asking = client(20)
    await ask(asking, url)
    await ask(asking, url)
    expect(connections.most).toBe(1)
    await Promise.all([...connections.now].map((socket) => once(socket, 'close')))
    expect(connections.now.size).toBe(0)
  })

  test('are kept in small numbers, however many there were at once', async () => {
    const connections = { now: new Set<Socket>(), most: 0 }
    const url = await application(gate(20), connections)
    const asking = client()
    await Promise.all(Array.from({ length: 20 }, () => ask(asking, url)))
    expect(connections.most).toBe(20)
    await vi.waitUntil(() => connections.now.size <= 4)
    expect(connections.now.size).toBe(4)
  })

  test('have a bound for all applications together, and who has to wait is answered, too', async () => {
    const connections = { now: new Set<Socket>(), most: 0 }
    let atOnce = 0
    const listener = gate(512, () => (atOnce = connections.now.size))
    const urls = await Promise.all(Array.from({ length: 10 }, () => application(listener, connections)))
    const asking = client()
    const answers = urls.flatMap((url) => Array.from({ length: 64 }, () => ask(asking, url)))
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(atOnce).toBe(512)
  })
})
