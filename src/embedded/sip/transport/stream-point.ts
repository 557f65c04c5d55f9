import { isIP, type Server, type Socket } from 'node:net'
import type { ListenOptions } from '../options.js'
import { listen, trackSockets } from './listen.js'
import { isWildcard } from './local-address.js'
import { StreamConnection } from './stream-connection.js'
import {
  endpointKey,
  plainAddress,
  type Endpoint,
  type Flow,
  type ListeningPoint,
  type TransportDeps,
} from './transport.js'

/** What TCP and TLS differ in. */
export interface StreamKind {
  readonly protocol: 'tcp' | 'tls'
  readonly server: Server
  /** The event by which the server hands over a connection. */
  readonly accepted: 'connection' | 'secureConnection'
  /** The event by which a dialled socket says that it may be used. */
  readonly opened: 'connect' | 'secureConnect'
  /** Begins to connect, from that address where one is given. */
  dial(remote: Endpoint, localAddress: string | undefined): Socket
  /** Ends what runs beside the connections. */
  close(): void
}

/** Listens for connections of a stream transport. Rejects where the port cannot be bound. */
export async function listenStream(
  kind: StreamKind,
  options: ListenOptions,
  deps: TransportDeps,
): Promise<ListeningPoint> {
  const hangUp = trackSockets(kind.server)
  const port = await listen(kind.server, options)
  return new StreamPoint(kind, options, port, deps, hangUp)
}

class StreamPoint implements ListeningPoint {
  readonly reliable = true
  readonly host: string
  readonly advertise?: { readonly host: string; readonly port?: number }
  /** By remote address: a request to a peer takes the connection that the peer opened, if there is one. */
  private readonly byRemote = new Map<string, StreamConnection>()
  /** Connections whose peer was verified by a name, by address and name. */
  private readonly byName = new Map<string, StreamConnection>()

  constructor(
    private readonly kind: StreamKind,
    options: ListenOptions,
    readonly port: number,
    private readonly deps: TransportDeps,
    private readonly hangUp: () => void,
  ) {
    this.host = options.host
    if (options.advertise) this.advertise = options.advertise
    const { server, protocol } = kind
    server.maxConnections = deps.limits.connections
    server.on('error', (error) => deps.events.fault(`${protocol} listener`, error))
    server.on(kind.accepted, (socket: Socket) => this.accepted(socket))
  }

  get protocol(): 'tcp' | 'tls' {
    return this.kind.protocol
  }

  get connections(): number {
    return new Set([...this.byRemote.values(), ...this.byName.values()]).size
  }

  known(remote: Endpoint): Flow | undefined {
    const { name } = remote
    const known =
      name !== undefined && this.protocol === 'tls'
        ? this.byName.get(nameKey(remote, name))
        : this.byRemote.get(endpointKey(remote))
    return known?.open ? known : undefined
  }

  flowTo(remote: Endpoint): Flow {
    return this.known(remote) ?? this.track(this.kind.dial(remote, this.localAddress(remote)), remote, true)
  }

  async close(): Promise<void> {
    this.kind.close()
    const closed = new Promise<void>((resolve) => this.kind.server.close(() => resolve()))
    const over = [...this.byRemote.values(), ...this.byName.values()].map((connection) =>
      connection.end(new Error('server closed')),
    )
    this.hangUp()
    await Promise.all([closed, ...over])
  }

  private localAddress(remote: Endpoint): string | undefined {
    const usable = !isWildcard(this.host) && isIP(this.host) !== 0
    return usable && isIP(this.host) === isIP(remote.address) ? this.host : undefined
  }

  private accepted(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    // A peer that is gone already has no address any more.
    if (remoteAddress === undefined || remotePort === undefined) socket.destroy()
    else this.track(socket, { address: plainAddress(remoteAddress), port: remotePort }, false)
  }

  private track(socket: Socket, remote: Endpoint, dialled: boolean): StreamConnection {
    const opened = dialled ? this.kind.opened : undefined
    const connection = new StreamConnection(this, remote, socket, this.deps, opened)
    const { name } = remote
    keep(this.byRemote, endpointKey(remote), connection)
    if (name !== undefined) keep(this.byName, nameKey(remote, name), connection)
    return connection
  }
}

function nameKey(remote: Endpoint, name: string): string {
  return `${endpointKey(remote)}|${name}`
}

function keep(table: Map<string, StreamConnection>, key: string, connection: StreamConnection): void {
  table.set(key, connection)
  connection.onClose(() => {
    if (table.get(key) === connection) table.delete(key)
  })
}
