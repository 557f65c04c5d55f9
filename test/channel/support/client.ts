import { onTestFinished } from 'vitest'
import WebSocket from 'ws'

export interface Message {
  readonly type: string
  readonly seq?: number
  readonly [field: string]: unknown
}

/** A client's end of the channel, as an app would have it. */
export class TestClient {
  readonly received: Message[] = []
  #read = 0
  #changed: () => void = () => undefined
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>

  private constructor(readonly websocket: WebSocket) {
    websocket.on('message', (data: Buffer) => {
      this.received.push(JSON.parse(data.toString('utf8')) as Message)
      this.#changed()
    })
    websocket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      websocket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#changed()
      })
    })
    onTestFinished(() => websocket.terminate())
  }

  static async connect(base: string, options: { readonly autoPong?: boolean } = {}): Promise<TestClient> {
    const client = new TestClient(new WebSocket(`${base.replace('http', 'ws')}/v1/client`, options))
    await new Promise((resolve, reject) => {
      client.websocket.once('open', resolve)
      client.websocket.once('error', reject)
    })
    return client
  }

  send(message: object): void {
    this.websocket.send(JSON.stringify(message))
  }

  /** The next message that was not taken yet; it must be of this type. Rejects where the channel is closed instead. */
  async next(type?: string): Promise<Message> {
    while (this.#read >= this.received.length) {
      if (this.websocket.readyState === WebSocket.CLOSED) throw new Error('the channel is closed')
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
    const message = this.received[this.#read++]
    if (message === undefined) throw new Error('there is no message')
    if (type !== undefined && message.type !== type) {
      throw new Error(`expected ${type}, got ${JSON.stringify(message)}`)
    }
    return message
  }

  /** Asks, and takes the answer; what comes before it must be awaited before. */
  async ask(request: object): Promise<Message> {
    this.send(request)
    return this.next('result')
  }

  /** Closes, and waits for the server's end of it. */
  async close(): Promise<void> {
    this.websocket.close()
    await this.closed
  }
}
