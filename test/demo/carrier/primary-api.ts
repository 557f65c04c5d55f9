import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { Deferred } from '../../../src/demo/waiting.js'

export interface Said {
  readonly line: string
  readonly token: string | undefined
  readonly body: unknown
}

/** As much of the server's API as an app of a cell phone speaks to. */
export class PrimaryApi {
  readonly said: Said[] = []
  /** Status of the answer to a report. */
  status = 201
  readonly #instruction = new Deferred<object>()
  readonly #channels = new Set<WebSocket>()
  readonly #sockets: WebSocketServer

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.#answer(request, response))
    this.#sockets = new WebSocketServer({ server, path: '/v1/client' })
    this.#sockets.on('connection', (socket) => this.#greet(socket))
  }

  static async open(): Promise<PrimaryApi> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new PrimaryApi(server)
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port }
  }

  /** What polls are answered from now on. */
  instruct(): void {
    this.#instruction.resolve({ do: 'reject' })
  }

  instructByChannel(): void {
    const message = { seq: 7, type: 'primary-instruction', primaryCall: 'p1', do: 'reject' }
    for (const channel of this.#channels) channel.send(JSON.stringify(message))
  }

  /** The words that were said of a call. */
  get events(): readonly unknown[] {
    return this.said.flatMap(({ body }) =>
      typeof body === 'object' && body !== null && 'event' in body ? [body.event] : [],
    )
  }

  async close(): Promise<void> {
    for (const channel of this.#channels) channel.terminate()
    this.#sockets.close()
    this.server.closeAllConnections()
    await new Promise<void>((resolve) => this.server.close(() => resolve()))
  }

  #greet(socket: WebSocket): void {
    this.#channels.add(socket)
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as Record<string, unknown>
      this.said.push({ line: 'channel', token: undefined, body: message })
      if (message['type'] === 'hello') socket.send(JSON.stringify({ type: 'welcome' }))
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    this.said.push({
      line: `${request.method} ${request.url}`,
      token: request.headers.authorization,
      body: text === '' ? undefined : JSON.parse(text),
    })
    const body =
      request.method === 'GET'
        ? { instruction: await this.#instruction.promise, state: 'instructed' }
        : { id: 'p1' }
    response.writeHead(request.method === 'GET' ? 200 : this.status).end(JSON.stringify(body))
  }
}
