import { once } from 'node:events'
import WebSocket from 'ws'
import type { Address } from './sip/uri.js'
import { Deferred } from './waiting.js'

/** What comes on the channel. Only those with a number are kept until they are acknowledged. */
export interface ChannelMessage {
  readonly type: string
  readonly seq?: number
  readonly [field: string]: unknown
}

/** An app's end of the client channel: says hello, acknowledges, and hands on what comes. */
export class ClientChannel {
  readonly #welcomed = new Deferred<void>()

  private constructor(
    private readonly socket: WebSocket,
    private readonly take: (message: ChannelMessage) => void,
  ) {
    socket.on('message', (data: Buffer) => this.#receive(data.toString('utf8')))
    socket.on('error', (error) => this.#welcomed.reject(error))
    socket.on('close', (code, why) =>
      this.#welcomed.reject(new Error(`the channel closed: ${code} ${why.toString()}`)),
    )
  }

  /** Rejects where the server does not welcome the client. */
  static async open(
    { host, port }: Address,
    hello: { readonly token: string },
    take: (message: ChannelMessage) => void,
  ): Promise<ClientChannel> {
    const socket = new WebSocket(`ws://${host}:${port}/v1/client`)
    const channel = new ClientChannel(socket, take)
    await once(socket, 'open')
    channel.#send({ type: 'hello', ...hello })
    await channel.#welcomed.promise
    return channel
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.socket, 'close')
    this.socket.close()
    await closed
  }

  #receive(text: string): void {
    const message = JSON.parse(text) as ChannelMessage
    if (message.type === 'welcome') return this.#welcomed.resolve()
    if (message.seq === undefined) return
    this.#send({ type: 'ack', upTo: message.seq })
    this.take(message)
  }

  #send(message: object): void {
    this.socket.send(JSON.stringify(message))
  }
}
