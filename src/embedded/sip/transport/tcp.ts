import { connect, createServer, isIP, type Server, type Socket } from 'node:net'
import type { ListenOptions } from '../options.js'
import { isWildcard } from './local-address.js'
import { StreamConnection, type StreamDeps } from './stream-connection.js'
import { endpointKey, plainAddress, type Endpoint, type Flow, type ListeningPoint } from './transport.js'

const BACKLOG = 1024

export async function listenTcp(options: ListenOptions, deps: StreamDeps): Promise<ListeningPoint> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port, backlog: BACKLOG }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return new TcpPoint(server, options, deps)
}

class TcpPoint implements ListeningPoint {
  readonly protocol = 'tcp'
  readonly reliable = true
  readonly host: string
  readonly port: number
  readonly advertise?: { readonly host: string; readonly port?: number }
  /** By remote address: a request to a peer takes the connection that the peer opened, if there is one. */
  private readonly byRemote = new Map<string, StreamConnection>()

  constructor(
    private readonly server: Server,
    options: ListenOptions,
    private readonly deps: StreamDeps,
  ) {
    const address = server.address()
    this.host = options.host
    this.port = typeof address === 'object' && address ? address.port : options.port
    if (options.advertise) this.advertise = options.advertise
    server.maxConnections = deps.limits.connections
    server.on('error', (error) => deps.events.fault('tcp listener', error))
    server.on('connection', (socket) => this.accepted(socket))
  }

  get connections(): number {
    return this.byRemote.size
  }

  flowTo(remote: Endpoint): Flow {
    const known = this.byRemote.get(endpointKey(remote))
    if (known?.open) return known
    const socket = connect({
      host: remote.address,
      port: remote.port,
      ...(!isWildcard(this.host) &&
        isIP(this.host) === isIP(remote.address) &&
        isIP(this.host) !== 0 && { localAddress: this.host }),
    })
    return this.track(socket, remote, true)
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    const over = [...this.byRemote.values()].map((connection) => connection.end(new Error('server closed')))
    await Promise.all([closed, ...over])
  }

  private accepted(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    // A peer that is gone already has no address any more.
    if (remoteAddress === undefined || remotePort === undefined) socket.destroy()
    else this.track(socket, { address: plainAddress(remoteAddress), port: remotePort }, false)
  }

  private track(socket: Socket, remote: Endpoint, connecting: boolean): StreamConnection {
    const key = endpointKey(remote)
    const connection = new StreamConnection(this, remote, socket, this.deps, connecting)
    this.byRemote.set(key, connection)
    connection.onClose(() => {
      if (this.byRemote.get(key) === connection) this.byRemote.delete(key)
    })
    return connection
  }
}
