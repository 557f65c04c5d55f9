import { isUtf8 } from 'node:buffer'
import type { RawData, WebSocket } from 'ws'
import type { Timer } from '../timer-set.js'
import type { Endpoint, Flow, ListeningPoint, TransportDeps } from './transport.js'

const PONG = '\r\n'
/** RFC 6455 §7.4.1: the server is going away. */
const GOING_AWAY = 1001

/**
 * The connection of one WebSocket client (RFC 7118): one SIP message a frame. It ends by itself where the client
 * answers no ping, does not read, or sends what is no WebSocket frame.
 */
export class WebSocketConnection implements Flow {
  private readonly closeListeners = new Set<(error: Error) => void>()
  private readonly over: Promise<void>
  private ping: Timer
  private heard = true
  private closing = false
  private reason = new Error('connection closed')

  constructor(
    readonly point: ListeningPoint,
    readonly remote: Endpoint,
    private readonly socket: WebSocket,
    private readonly deps: TransportDeps,
  ) {
    this.ping = this.nextPing()
    socket.on('message', (data) => this.received(data))
    socket.on('pong', () => (this.heard = true))
    // What the socket could not go on with; `close` follows.
    socket.on('error', (error) => (this.reason = error))
    this.over = new Promise((resolve) => {
      socket.once('close', () => {
        this.closed()
        resolve()
      })
    })
  }

  get open(): boolean {
    return !this.closing && this.socket.readyState === this.socket.OPEN
  }

  send(bytes: Buffer, failed?: (error: Error) => void): void {
    const report = (error: Error) => {
      this.deps.events.sendFailed()
      this.guard('WebSocket send failure', () => failed?.(error))
    }
    if (!this.open) {
      queueMicrotask(() => report(this.reason))
      return
    }
    // RFC 7118 §4.2: text where the message is text, which some clients read alone.
    this.socket.send(bytes, { binary: !isUtf8(bytes) }, (error) => {
      if (error) report(error)
    })
    if (this.socket.bufferedAmount > this.deps.limits.writeBacklog) {
      void this.end(new Error('peer does not read'))
    }
  }

  onClose(listener: (error: Error) => void): () => void {
    this.closeListeners.add(listener)
    return () => this.closeListeners.delete(listener)
  }

  /** Closes the connection. Resolves when that has been made known. */
  end(reason: Error): Promise<void> {
    if (!this.closing) this.reason = reason
    this.closing = true
    // The client is told, but not waited for.
    if (this.socket.readyState === this.socket.OPEN) this.socket.close(GOING_AWAY)
    this.socket.terminate()
    return this.over
  }

  private received(data: RawData): void {
    this.heard = true
    if (this.closing) return
    const bytes = bytesOf(data)
    if (!isKeepAlive(bytes)) {
      this.guard('WebSocket message', () => this.deps.events.message(bytes, this))
      return
    }
    this.deps.events.keepAlive()
    // RFC 5626 §3.5.1, which some clients speak over WebSocket as well: two CRLFs are answered by one.
    if (bytes.length === 4) this.socket.send(PONG, (error) => error && (this.reason = error))
  }

  private nextPing(): Timer {
    return this.deps.timers.start(this.deps.limits.webSocketPing, () => {
      if (!this.heard) return void this.end(new Error('no answer to a ping'))
      this.heard = false
      this.socket.ping()
      this.ping = this.nextPing()
    })
  }

  private closed(): void {
    this.closing = true
    this.ping.stop()
    const listeners = [...this.closeListeners]
    this.closeListeners.clear()
    for (const listener of listeners) this.guard('WebSocket close', () => listener(this.reason))
  }

  private guard(where: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      this.deps.events.fault(where, error)
    }
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? Buffer.from(data) : data
}

/** One CRLF or two alone, or an empty frame. */
function isKeepAlive(bytes: Buffer): boolean {
  return bytes.length <= 4 && ['', '\r\n', '\r\n\r\n'].includes(bytes.toString('latin1'))
}
