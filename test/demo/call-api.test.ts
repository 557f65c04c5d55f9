import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CallApi } from '../../src/demo/index.js'

interface Request {
  readonly line: string
  readonly authorization: string | undefined
  readonly body: string
  readonly from: number | undefined
}

let server: Server
let api: CallApi
let requests: Request[]
/** How the server answers: never, where it is undefined. */
let answers: { readonly status: number; readonly body: string } | undefined

async function read(request: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return {
    line: `${request.method} ${request.url}`,
    authorization: request.headers.authorization,
    body: Buffer.concat(chunks).toString('utf8'),
    from: request.socket.remotePort,
  }
}

beforeEach(async () => {
  requests = []
  answers = { status: 200, body: '{"state":"accepted"}' }
  server = createServer((request, response) => {
    void read(request).then((one) => {
      requests.push(one)
      if (answers !== undefined) response.writeHead(answers.status).end(answers.body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  api = new CallApi({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, 200)
})

afterEach(async () => {
  api.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

it('an app accepts, declines and hangs up with the token of the push, all on one connection', async () => {
  await api.connect()
  expect(await api.accept('c/1', 'tok')).toEqual({ status: 200, body: { state: 'accepted' } })
  await api.accept('c', 'tok', 'v=0')
  await api.decline('c', 'tok', { reason: 'message', message: 'later' })
  await api.hangUp('c', 'tok')
  await api.view('c', 'tok')
  expect(requests.map(({ line, body }) => [line, body])).toEqual([
    ['GET /healthz', ''],
    ['POST /v1/calls/c%2F1/accept', '{}'],
    ['POST /v1/calls/c/accept', '{"sdp":"v=0"}'],
    ['POST /v1/calls/c/decline', '{"reason":"message","message":"later"}'],
    ['POST /v1/calls/c/hangup', '{}'],
    ['GET /v1/calls/c', ''],
  ])
  expect(requests.slice(1).map((one) => one.authorization)).toEqual(Array(5).fill('Bearer tok'))
  expect(new Set(requests.map((one) => one.from)).size).toBe(1)
})

it('a problem is an answer like any other', async () => {
  answers = { status: 401, body: '{"type":"x"}' }
  expect(await api.view('c', 'tok')).toEqual({ status: 401, body: { type: 'x' } })
  answers = { status: 502, body: '<html>' }
  expect(await api.view('c', 'tok')).toEqual({ status: 502, body: undefined })
})

it('a server that says nothing is given up', async () => {
  answers = undefined
  await expect(api.view('c', 'tok')).rejects.toThrow('within 200 ms')
})
