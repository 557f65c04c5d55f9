import type { RawData, WebSocket } from 'ws'
import { CLOSE_CODES, type CloseCause } from '../../clients/channel/close-cause.js'
import type { ChannelPeer, ChannelSocket } from '../../clients/channel/socket.js'

/** What the client may take to answer a close frame, ms. */
const CLOSING_MS = 2000

/** A WebSocket as a channel's socket. */
export class WebSocketChannel implements ChannelSocket {
  #cut: NodeJS.Timeout | undefined

  constructor(
    private readonly websocket: WebSocket,
    gone: () => void,
  ) {
    // A `close` follows, with the code of what was wrong.
    websocket.on('error', () => undefined)
    websocket.once('close', () => {
      clearTimeout(this.#cut)
      gone()
    })
  }

  report(peer: ChannelPeer): void {
    this.websocket.on('message', (data, binary) => peer.received(binary ? null : textOf(data)))
    this.websocket.on('pong', () => peer.pong())
    this.websocket.once('close', () => peer.closed())
  }

  get buffered(): number {
    return this.websocket.bufferedAmount
  }

  send(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.websocket.send(text, (error) => (error ? reject(error) : resolve()))
    })
  }

  ping(): void {
    if (this.websocket.readyState === this.websocket.OPEN) this.websocket.ping()
  }

  pause(): void {
    this.websocket.pause()
  }

  resume(): void {
    this.websocket.resume()
  }

  close(cause: CloseCause): void {
    // While nothing is read its answer is not either.
    this.websocket.resume()
    this.websocket.close(CLOSE_CODES[cause], cause)
    this.#cut ??= setTimeout(() => this.terminate(), CLOSING_MS)
  }

  terminate(): void {
    this.websocket.terminate()
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return Buffer.from(data as Buffer).toString('utf8')
}
