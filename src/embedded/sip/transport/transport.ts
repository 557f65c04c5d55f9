import type { SipLimits } from '../options.js'
import type { TimerSet } from '../timer-set.js'

/** Transports that can be listened on: RFC 3261 §18, §26, RFC 7118. */
export type Protocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'

/** A numeric address and port. */
export interface Endpoint {
  readonly address: string
  readonly port: number
  /** The name that the address was found for: TLS verifies the peer by it. */
  readonly name?: string
}

/** The path to one peer over one transport: what responses go back on, and what dialogs keep. */
export interface Flow {
  readonly point: ListeningPoint
  readonly remote: Endpoint
  /** False once the connection is gone. A datagram flow is always open. */
  readonly open: boolean
  /** Never throws; `failed` hears that the bytes were not sent. */
  send(bytes: Buffer, failed?: (error: Error) => void): void
  /** Hears the end of the connection, once. Returns how to stop listening. */
  onClose(listener: (error: Error) => void): () => void
}

/** One address and port that the server listens on. */
export interface ListeningPoint {
  readonly protocol: Protocol
  /** Whether the transport itself repeats what is lost (RFC 3261 §17). */
  readonly reliable: boolean
  /** The address bound; may be a wildcard. */
  readonly host: string
  readonly port: number
  readonly advertise?: { readonly host: string; readonly port?: number }
  readonly connections: number
  /** The open connection to that peer, whoever opened it. A datagram point has none. */
  known(remote: Endpoint): Flow | undefined
  /** The open connection to that peer, or a new one; one that cannot be opened fails every send. */
  flowTo(remote: Endpoint): Flow
  close(): Promise<void>
}

export interface TransportEvents {
  /** One whole message, or one datagram. */
  message(bytes: Buffer, flow: Flow): void
  /** A stream that cannot be followed any more; the connection is closed after this. */
  broken(bytes: Buffer, flow: Flow, reason: string): void
  keepAlive(): void
  sendFailed(): void
  /** A connection that never became one: TLS or WebSocket were not agreed upon. */
  handshakeFailed(): void
  fault(where: string, error: unknown): void
}

/** What every kind of listening point works with. */
export interface TransportDeps {
  readonly events: TransportEvents
  readonly limits: SipLimits
  readonly timers: TimerSet
}

/** An IPv4 address that arrived on an IPv6 socket, in its own form. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

export function endpointKey(endpoint: Endpoint): string {
  return `${endpoint.address}|${endpoint.port}`
}
