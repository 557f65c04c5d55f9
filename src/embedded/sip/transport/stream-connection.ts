import type { Socket } from 'node:net'
import { StreamFraming } from '../message/stream-framing.js'
import type { Timer } from '../timer-set.js'
import type { Endpoint, Flow, ListeningPoint, TransportDeps } from './transport.js'

const PONG = Buffer.from('\r\n')

/**
 * One connection of a stream transport, accepted or opened. Bytes written before it is open wait in the socket.
 * It ends by itself where the peer is idle, stops in the middle of a message, does not read, or breaks framing.
 */
export class StreamConnection implements Flow {
  private readonly framing: StreamFraming
  private readonly closeListeners = new Set<(error: Error) => void>()
  private readonly over: Promise<void>
  private closing = false
  private partial: Timer | undefined
  private reason = new Error('connection closed')

  constructor(
    readonly point: ListeningPoint,
    readonly remote: Endpoint,
    private readonly socket: Socket,
    private readonly deps: TransportDeps,
    /** The event by which a socket that is being opened says that it is open; undefined for an accepted one. */
    opened?: 'connect' | 'secureConnect',
  ) {
    this.framing = new StreamFraming(deps.limits.messageBytes)
    const opening = opened
      ? deps.timers.start(deps.limits.connect, () => void this.end(new Error('connecting took too long')))
      : undefined
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.setTimeout(deps.limits.connectionIdle, () => void this.end(new Error('connection idle')))
    if (opened) socket.once(opened, () => opening?.stop())
    socket.on('data', (chunk: Buffer) => this.received(chunk))
    socket.on('error', (error) => (this.reason = error))
    this.over = new Promise((resolve) => {
      socket.once('close', () => {
        opening?.stop()
        this.closed()
        resolve()
      })
    })
  }

  get open(): boolean {
    return !this.closing && !this.socket.destroyed
  }

  send(bytes: Buffer, failed?: (error: Error) => void): void {
    const report = (error: Error) => {
      this.deps.events.sendFailed()
      this.guard('stream send failure', () => failed?.(error))
    }
    if (!this.open) {
      queueMicrotask(() => report(this.reason))
      return
    }
    this.socket.write(bytes, (error) => {
      if (error) report(error)
    })
    if (this.socket.writableLength > this.deps.limits.writeBacklog) {
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
    this.socket.destroy()
    return this.over
  }

  private received(chunk: Buffer): void {
    if (this.closing) return
    for (const event of this.framing.push(chunk)) {
      switch (event.kind) {
        case 'message':
          this.guard('stream message', () => this.deps.events.message(event.bytes, this))
          break
        case 'ping':
          this.deps.events.keepAlive()
          this.socket.write(PONG)
          break
        case 'broken':
          this.guard('stream framing', () => this.deps.events.broken(event.bytes, this, event.reason))
          // What was answered still goes out; nothing more is read.
          this.closing = true
          this.reason = new Error(event.reason)
          this.socket.destroySoon()
          break
        default:
          event satisfies never
      }
    }
    this.watchPartial()
  }

  /** A message begun must be completed in time, or a few slow senders would hold all memory and sockets. */
  private watchPartial(): void {
    if (this.framing.buffered === 0 || this.closing) {
      this.partial?.stop()
      this.partial = undefined
      return
    }
    this.partial ??= this.deps.timers.start(
      this.deps.limits.partialMessage,
      () => void this.end(new Error('message not completed in time')),
    )
  }

  private closed(): void {
    this.closing = true
    this.partial?.stop()
    const listeners = [...this.closeListeners]
    this.closeListeners.clear()
    for (const listener of listeners) this.guard('stream close', () => listener(this.reason))
  }

  private guard(where: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      this.deps.events.fault(where, error)
    }
  }
}
