import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { now } from './clock.js'
import { Inbox } from './waiting.js'

/** A push as the service got it. */
export interface ReceivedPush {
  /** Milliseconds since the epoch, with a fraction. */
  readonly at: number
  /** Of the body's `device.token`; '' where there was none. */
  readonly token: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** The JSON body; what is no JSON object is kept as {}. */
  readonly payload: Readonly<Record<string, unknown>>
  /** What the service did with it; undefined while it thinks. */
  answered?: PushAnswer
}

/** What the service does with a push; by default 200 at once. */
export interface PushAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly delayMs?: number
  /** 'drop' cuts the connection without a response; 'hang' never answers. */
  readonly instead?: 'drop' | 'hang'
}

/** The server side of the webhook push contract: takes POSTs, records them, answers by script. */
export class PushService {
  readonly pushes: ReceivedPush[] = []
  readonly #inbox = new Inbox<ReceivedPush>()
  readonly #server: Server
  readonly #thinking = new Set<NodeJS.Timeout>()
  readonly #delivered = new Inbox<ReceivedPush>()
  #script: (push: ReceivedPush) => PushAnswer = () => ({})
  readonly #once: PushAnswer[] = []
  readonly #apps = new Map<string, (push: ReceivedPush) => void>()

  private constructor(readonly host: string) {
    this.#server = createServer((request, response) => {
      this.#take(request, response).catch(() => response.destroy())
    })
  }

  /** On any free port by default. Rejects where the port is taken. */
  static async open({ host = '127.0.0.1', port = 0 } = {}): Promise<PushService> {
    const service = new PushService(host)
    service.#server.listen(port, host)
    await once(service.#server, 'listening')
    return service
  }

  get port(): number {
    const address = this.#server.address()
    return address === null || typeof address === 'string' ? 0 : address.port
  }

  /** For the server's configuration. */
  get url(): string {
    return `http://${this.host}:${this.port}/push/{token}`
  }

  /** How pushes are answered from now on. */
  answerWith(script: PushAnswer | ((push: ReceivedPush) => PushAnswer)): void {
    this.#script = typeof script === 'function' ? script : () => script
  }

  /** The next pushes get these answers, one each; then the script goes on. */
  answerOnce(...answers: readonly PushAnswer[]): void {
    this.#once.push(...answers)
  }

  /** The next unread push to this device, or to any; each is read once. Rejects with WaitError. */
  nextPush(token?: string, deadlineMs = 5000): Promise<ReceivedPush> {
    const what = token === undefined ? 'push' : `push to ${token}`
    return this.#inbox.next(what, deadlineMs, (push) => token === undefined || push.token === token)
  }

  /** As `nextPush`, but when the push reached the device: after the service answered 2xx. */
  nextDelivery(token: string, deadlineMs = 5000): Promise<ReceivedPush> {
    return this.#delivered.next(`delivered push to ${token}`, deadlineMs, (push) => push.token === token)
  }

  /** Pushes that reach this device go to its app from now on, and to no script that waits for one. */
  deliverTo(token: string, app: (push: ReceivedPush) => void): () => void {
    this.#apps.set(token, app)
    return () => void this.#apps.delete(token)
  }

  pushesTo(token: string): ReceivedPush[] {
    return this.pushes.filter((push) => push.token === token)
  }

  async close(): Promise<void> {
    this.#inbox.close('the push service closed')
    this.#delivered.close('the push service closed')
    for (const timer of this.#thinking) clearTimeout(timer)
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const payload = parseObject(Buffer.concat(chunks).toString('utf8'))
    const push: ReceivedPush = {
      at: now(),
      token: tokenOf(payload),
      path: request.url ?? '',
      headers: request.headers,
      payload,
    }
    this.pushes.push(push)
    const answer = this.#once.shift() ?? this.#script(push)
    this.#after(answer.delayMs ?? 0, () => this.#answer(push, answer, response))
    this.#inbox.deliver(push)
  }

  #after(delayMs: number, act: () => void): void {
    if (delayMs <= 0) return act()
    const timer = setTimeout(() => {
      this.#thinking.delete(timer)
      act()
    }, delayMs)
    this.#thinking.add(timer)
  }

  #answer(push: ReceivedPush, answer: PushAnswer, response: ServerResponse): void {
    push.answered = answer
    if (answer.instead === 'hang') return
    if (answer.instead === 'drop') return void response.destroy()
    const status = answer.status ?? 200
    response.writeHead(status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body ?? '{}')
    if (status < 200 || status >= 300) return
    const app = this.#apps.get(push.token)
    if (app === undefined) this.#delivered.deliver(push)
    else app(push)
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function tokenOf(payload: Readonly<Record<string, unknown>>): string {
  const { device } = payload
  return isObject(device) && typeof device['token'] === 'string' ? device['token'] : ''
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
