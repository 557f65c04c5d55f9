import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { WebSocket, type ClientOptions } from 'ws'
import { sipPem } from '../../../support/sip/identity.js'
import { Inbox } from './peer.js'
import { Queue } from './queue.js'

export interface WebSocketPeerOptions extends ClientOptions {
  subprotocols?: string[]
}

/** A SIP client on a WebSocket: one message a frame. */
export class WebSocketPeer extends Inbox {
  closed = false
  /** Frames that are no SIP message. */
  readonly crlfs: string[] = []
  readonly pings = new Queue<string>()
  /** Whether each SIP message came as binary. */
  readonly binary: boolean[] = []

  private constructor(
    readonly protocol: 'ws' | 'wss',
    readonly socket: WebSocket,
    readonly port: number,
  ) {
    super()
    socket.on('message', (data, binary) => this.received((data as Buffer).toString('utf8'), binary))
    socket.on('ping', (data) => this.pings.push(data.toString()))
    socket.on('error', () => (this.closed = true))
    socket.on('close', () => (this.closed = true))
  }

  /** Rejects where the server refuses; its status is in the message then. */
  static async open(
    protocol: 'ws' | 'wss',
    { host, port }: { host: string; port: number },
    { subprotocols = ['sip'], ...options }: WebSocketPeerOptions = {},
  ): Promise<WebSocketPeer> {
    const socket = new WebSocket(`${protocol}://${host}:${port}/`, subprotocols, {
      ca: sipPem.ca,
      ...options,
    })
    let local: number | undefined
    socket.once('upgrade', (response: IncomingMessage) => (local = response.socket.localPort))
    await once(socket, 'open')
    return new WebSocketPeer(protocol, socket, local ?? 0)
  }

  send(message: string | Buffer): void {
    this.socket.send(message)
  }

  close(): void {
    this.socket.terminate()
  }

  private received(text: string, binary: boolean): void {
    if (/^[\r\n]*$/.test(text)) {
      this.crlfs.push(text)
      return
    }
    this.binary.push(binary)
    this.arrived(text)
  }
}
