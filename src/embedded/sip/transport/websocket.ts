import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ListenOptions } from '../options.js'
import { Certificate } from './certificate.js'
import { listen, trackSockets } from './listen.js'
import {
  endpointKey,
  plainAddress,
  type Endpoint,
  type Flow,
  type ListeningPoint,
  type TransportDeps,
} from './transport.js'
import { UnreachableFlow } from './unreachable-flow.js'
import { WebSocketConnection } from './websocket-connection.js'

/** RFC 7118 §4.1: a client must offer it. */
const SUBPROTOCOL = 'sip'
/** Bytes of the request by which a client asks for a WebSocket; cookies of the page may be among them. */
const MAX_REQUEST = 16 * 1024

export type WebSocketListenOptions = Extract<ListenOptions, { protocol: 'ws' | 'wss' }>

/** Listens for WebSocket clients, over TLS where the options say so. Rejects where the port cannot be bound. */
export async function listenWebSocket(
  options: WebSocketListenOptions,
  deps: TransportDeps,
): Promise<ListeningPoint> {
  const { connect } = deps.limits
  const patience = { headersTimeout: connect, requestTimeout: connect, connectionsCheckingInterval: connect }
  const request = { ...patience, maxHeaderSize: MAX_REQUEST }
  if (options.protocol === 'ws') return bind(createServer(request), options, deps, () => undefined)
  const certificate = new Certificate(options.tls, deps)
  const server = createSecureServer({ ...request, ...certificate.options, handshakeTimeout: connect })
  certificate.watch((renewed) => server.setSecureContext(renewed))
  const stop = () => certificate.stop()
  try {
    return await bind(server, options, deps, stop)
  } catch (error) {
    stop()
    throw error
  }
}

async function bind(
  server: Server,
  options: WebSocketListenOptions,
  deps: TransportDeps,
  stop: () => void,
): Promise<ListeningPoint> {
  const hangUp = trackSockets(server)
  const port = await listen(server, options)
  return new WebSocketPoint(server, options, port, deps, () => {
    stop()
    hangUp()
  })
}

class WebSocketPoint implements ListeningPoint {
  readonly reliable = true
  readonly protocol: 'ws' | 'wss'
  readonly host: string
  readonly advertise?: { readonly host: string; readonly port?: number }
  private readonly handshakes: WebSocketServer
  private readonly byRemote = new Map<string, WebSocketConnection>()

  constructor(
    private readonly server: Server,
    private readonly options: WebSocketListenOptions,
    readonly port: number,
    private readonly deps: TransportDeps,
    private readonly stop: () => void,
  ) {
    this.protocol = options.protocol
    this.host = options.host
    if (options.advertise) this.advertise = options.advertise
    this.handshakes = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: deps.limits.messageBytes,
      handleProtocols: () => SUBPROTOCOL,
    })
    server.maxConnections = deps.limits.connections
    server.on('error', (error) => deps.events.fault(`${this.protocol} listener`, error))
    // Neither TLS nor HTTP: nobody is there to be told why.
    server.on('clientError', (_error, socket) => {
      deps.events.handshakeFailed()
      socket.destroy()
    })
    server.on('request', (_request, response) => {
      deps.events.handshakeFailed()
      response.writeHead(426, { Upgrade: 'websocket', Connection: 'close' }).end()
    })
    server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head))
  }

  get connections(): number {
    return this.byRemote.size
  }

  known(remote: Endpoint): Flow | undefined {
    const known = this.byRemote.get(endpointKey(remote))
    return known?.open ? known : undefined
  }

  /** A client cannot be connected to: without a connection of its own there is no way to it (RFC 7118 §5). */
  flowTo(remote: Endpoint): Flow {
    const why = `no WebSocket connection from ${remote.address}:${remote.port}`
    return this.known(remote) ?? new UnreachableFlow(this, remote, why)
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    const over = [...this.byRemote.values()].map((connection) => connection.end(new Error('server closed')))
    this.stop()
    await Promise.all([closed, ...over])
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const failed = () => this.deps.events.handshakeFailed()
    socket.once('close', failed)
    // It may break before it is a WebSocket; then it just closes.
    const ignored = () => undefined
    socket.on('error', ignored)
    const status = refusal(request, this.options)
    if (status !== undefined) return refuse(socket, status)
    // What is no WebSocket handshake is refused there.
    this.handshakes.handleUpgrade(request, socket, head, (client) => {
      socket.off('close', failed).off('error', ignored)
      this.accepted(request, client)
    })
  }

  private accepted(request: IncomingMessage, client: WebSocket): void {
    const { remoteAddress, remotePort } = request.socket
    // A peer that is gone already has no address any more.
    if (remoteAddress === undefined || remotePort === undefined) return client.terminate()
    request.socket.setKeepAlive(true, 60_000)
    const remote = { address: plainAddress(remoteAddress), port: remotePort }
    const key = endpointKey(remote)
    const connection = new WebSocketConnection(this, remote, client, this.deps)
    this.byRemote.set(key, connection)
    connection.onClose(() => {
      if (this.byRemote.get(key) === connection) this.byRemote.delete(key)
    })
  }
}

/** The status for a client that may not or cannot speak SIP here. */
function refusal(request: IncomingMessage, { origins }: WebSocketListenOptions): number | undefined {
  const { origin } = request.headers
  if (origins !== undefined && origin !== undefined && !origins.includes(origin)) return 403
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  return offered.includes(SUBPROTOCOL) ? undefined : 400
}

function refuse(socket: Duplex, status: number): void {
  // One that does not hang up itself would stay for ever.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
