import type { AddressInfo, Server as NetServer } from 'node:net'
import type { Readiness } from '../http/index.js'
import type { Bus } from '../ports/bus.js'

/** What a server has of the processes beside it that serve the same calls, on the same machine. */
export interface Beside {
  /** The bus, with a shorter way to them. */
  bus(own: Bus): Bus
  /** Where HTTP connections come from, if the server is not to take them by itself. */
  readonly http?: HandedConnections
  /** What reads the metrics of all, given what reads its own. */
  metrics(own: () => Promise<string>): () => Promise<string>
  /** Whether all are ready. */
  readiness(own: Readiness): Readiness
  /** SIP is served by one of them: the server is up when it is connected to it. */
  readonly servesSip: boolean
}

/** Connections that another process has taken. */
export interface HandedConnections {
  /** Where it took them. */
  readonly address: AddressInfo
  /** Gives those that come to the server, from now on. */
  handTo(server: NetServer): void
}

/** A server with nobody beside it. */
export const ALONE: Beside = {
  bus: (own) => own,
  metrics: (own) => own,
  readiness: (own) => own,
  servesSip: false,
}
