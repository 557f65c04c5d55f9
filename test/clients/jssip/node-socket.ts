import type { Socket } from 'jssip'
import { WebSocket } from 'ws'
import { sipPem } from '../../support/sip/identity.js'

/** JsSIP's way to a server, by a WebSocket of Node's: it brings one for browsers only. */
export class NodeSocket implements Socket {
  readonly url: string
  readonly sip_uri: string
  via_transport: string
  onconnect: () => void = () => undefined
  ondisconnect: (error: boolean, code?: number, reason?: string) => void = () => undefined
  ondata: (event: unknown) => void = () => undefined
  private socket: WebSocket | undefined

  constructor(protocol: 'ws' | 'wss', { host, port }: { host: string; port: number }) {
    this.url = `${protocol}://${host}:${port}`
    this.sip_uri = `sip:${host}:${port};transport=ws`
    this.via_transport = protocol.toUpperCase()
  }

  connect(): void {
    const socket = new WebSocket(this.url, 'sip', { ca: sipPem.ca })
    this.socket = socket
    let failed = false
    socket.on('open', () => this.onconnect())
    socket.on('message', (data) => this.ondata((data as Buffer).toString('utf8')))
    socket.on('error', () => (failed = true))
    socket.on('close', (code, reason) => this.ondisconnect(failed, code, reason.toString()))
  }

  disconnect(): void {
    this.socket?.removeAllListeners()
    this.socket?.on('error', () => undefined)
    this.socket?.close()
    this.socket = undefined
  }

  send(message: string): boolean {
    if (!this.isConnected()) return false
    this.socket?.send(message)
    return true
  }

  isConnected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN
  }

  isConnecting(): boolean {
    return this.socket?.readyState === WebSocket.CONNECTING
  }
}
