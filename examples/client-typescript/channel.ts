import { ReveilleProblem } from './problem.js'
import type { Decline, InvitationDraft, Json, ServerMessage } from './types.js'

/** The part of the WHATWG WebSocket that is used: that of browsers, of Node 22, and of the package ws. */
export interface WebSocketLike {
  addEventListener(type: 'open', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void
  addEventListener(type: 'error', listener: () => void): void
  send(text: string): void
  close(code?: number): void
}

export interface ChannelOptions {
  /** `wss://calls.example.com/v1/client` */
  readonly url: string
  /** `(url) => new WebSocket(url)` */
  readonly open: (url: string) => WebSocketLike
  /** A client token with the grant `channel`; asked for each connection, so that one that expires can be renewed. */
  readonly token: () => string | Promise<string>
  /** The device that the app is, where the token is not for one. */
  readonly device?: string
  /** Number of the last message that was handled, from the app's storage. */
  readonly resume?: number
  /**
   * Handles one message; they come in order and once. It is acknowledged when the promise resolves, and comes again
   * with the next connection where it rejects.
   */
  readonly onMessage: (message: ServerMessage) => void | Promise<void>
  /** So many messages were dropped while the app was away for too long: ask the API how things stand. */
  readonly onMissed?: (count: number) => void
  /** Whether requests can be sent. `cause`: the close code of the connection that went. */
  readonly onState?: (state: 'open' | 'waiting' | 'closed', cause?: number) => void
}

/** What a client asks for on its channel; each gets a result. */
export type ChannelRequest =
  | { readonly type: 'accept'; readonly callId: string; readonly token?: string; readonly sdp?: string }
  | ({ readonly type: 'decline'; readonly callId: string; readonly token?: string } & Decline)
  | { readonly type: 'hangup'; readonly callId: string; readonly token?: string }
  | ({ readonly type: 'invite' } & InvitationDraft)
  | {
      readonly type: 'invitation-accept'
      readonly invitation: string
      readonly token?: string
      readonly connection: Json
    }
  | { readonly type: 'invitation-decline'; readonly invitation: string; readonly token?: string }
  | { readonly type: 'invitation-connect'; readonly invitation: string; readonly devices: readonly string[] }
  | { readonly type: 'invitation-cancel'; readonly invitation: string }

export interface ChannelResult {
  readonly call?: { readonly id: string; readonly state: string }
  readonly invitation?: { readonly id: string; readonly state: string }
}

/** The connection went before there was a result: whether the server has done it, its state tells. */
export class ChannelLost extends Error {
  override readonly name = 'ChannelLost'
}

/**
 * Close codes after which the same client is not to connect again: a bad token, one that does not grant the channel,
 * and a newer channel of this very client.
 */
const FINAL = new Set([4002, 4004, 4005])
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

interface Waiting {
  readonly resolve: (result: ChannelResult) => void
  readonly reject: (error: Error) => void
}

type Incoming =
  | { readonly type: 'welcome'; readonly from: number; readonly lost: number }
  | { readonly type: 'pong' }
  | ({ readonly type: 'result'; readonly ref?: number } & (
      | ({ readonly ok: true } & ChannelResult)
      | { readonly ok: false; readonly problem: { readonly type: string; readonly detail: string } }
    ))
  | ServerMessage

/** The channel of an app: stays connected until it is closed, and misses no message. */
export class Channel {
  readonly #waiting = new Map<number, Waiting>()
  #socket: WebSocketLike | undefined
  #ready = false
  #closed = false
  #seen: number | undefined
  #refs = 0
  #pauseMs = FIRST_PAUSE_MS
  #timer: ReturnType<typeof setTimeout> | undefined
  #handling: Promise<void> = Promise.resolve()

  constructor(private readonly options: ChannelOptions) {
    this.#seen = options.resume
    void this.#connect()
  }

  /** Rejects with ReveilleProblem for a refusal, and with {@link ChannelLost} where no result comes any more. */
  request(request: ChannelRequest): Promise<ChannelResult> {
    const socket = this.#socket
    if (socket === undefined || !this.#ready) return Promise.reject(new ChannelLost('not connected'))
    this.#refs += 1
    const ref = this.#refs
    return new Promise((resolve, reject) => {
      this.#waiting.set(ref, { resolve, reject })
      socket.send(JSON.stringify({ ...request, ref }))
    })
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#socket?.close(1000)
  }

  async #connect(): Promise<void> {
    const { url, open, token, device } = this.options
    let given: string
    try {
      given = await token()
    } catch {
      // No token to be had now: perhaps the app is offline as a whole.
      return this.#pause()
    }
    // What is being handled now is acknowledged by the hello.
    await this.#handling
    if (this.#closed) return
    const socket = open(url)
    this.#socket = socket
    socket.addEventListener('open', () => {
      const resume = this.#seen === undefined ? {} : { resume: this.#seen }
      const hello = { type: 'hello', token: given, ...(device === undefined ? {} : { device }), ...resume }
      socket.send(JSON.stringify(hello))
    })
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.#received(socket, JSON.parse(data) as Incoming)
    })
    // A close follows each error, and says more.
    socket.addEventListener('error', () => undefined)
    socket.addEventListener('close', ({ code }) => this.#lost(socket, code))
  }

  #received(socket: WebSocketLike, message: Incoming): void {
    switch (message.type) {
      case 'welcome':
        this.#ready = true
        // Another number than that of the hello: the server has begun anew.
        this.#seen = message.from
        if (message.lost > 0) this.options.onMissed?.(message.lost)
        this.#pauseMs = FIRST_PAUSE_MS
        this.options.onState?.('open')
        return
      case 'pong':
        return
      case 'result':
        return this.#settle(message)
      default:
        this.#handling = this.#handling.then(() => this.#handle(socket, message))
    }
  }

  #settle(message: Extract<Incoming, { type: 'result' }>): void {
    const waiting = message.ref === undefined ? undefined : this.#waiting.get(message.ref)
    if (waiting === undefined || message.ref === undefined) return
    this.#waiting.delete(message.ref)
    if (message.ok) waiting.resolve(message)
    else waiting.reject(new ReveilleProblem(0, message.problem))
  }

  async #handle(socket: WebSocketLike, message: ServerMessage): Promise<void> {
    // What was read from a connection that is gone comes again on the next one.
    if (socket !== this.#socket || message.seq <= (this.#seen ?? 0)) return
    try {
      await this.options.onMessage(message)
    } catch {
      // It is not acknowledged: the next connection brings it again.
      return socket.close(1000)
    }
    this.#seen = message.seq
    if (socket === this.#socket) socket.send(JSON.stringify({ type: 'ack', upTo: message.seq }))
  }

  #lost(socket: WebSocketLike, code: number): void {
    if (socket !== this.#socket) return
    this.#socket = undefined
    this.#ready = false
    for (const { reject } of this.#waiting.values()) reject(new ChannelLost(`closed with ${String(code)}`))
    this.#waiting.clear()
    if (this.#closed || FINAL.has(code)) {
      this.#closed = true
      return this.options.onState?.('closed', code)
    }
    this.options.onState?.('waiting', code)
    this.#pause()
  }

  /** Longer each time, and never for all apps at the same moment. */
  #pause(): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.#connect(), this.#pauseMs * (0.5 + Math.random() / 2))
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
  }
}
