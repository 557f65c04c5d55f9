import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../observe/metrics.js'
import type { Log } from '../ports/log.js'
import type { CallStore, DeviceStore } from '../ports/store.js'
import { adminGuard } from './admin-guard.js'
import { httpApp } from './app.js'
import type { Route } from './route.js'
import { adminCall } from './routes/admin-call.js'
import { adminCalls, type LiveCounts } from './routes/admin-calls.js'
import { adminDevices } from './routes/admin-devices.js'
import { healthz } from './routes/healthz.js'
import { metrics as metricsRoute } from './routes/metrics.js'
import { withOpenApi } from './routes/openapi.js'
import { problemPage } from './routes/problem-page.js'
import { type Readiness, readyz } from './routes/readyz.js'
import { gatekeeper } from './security.js'
import type { TokenFault, TokenVerifier } from './tokens.js'

export interface HttpOptions {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /**
   * Connections that another process takes, at an address of its own, and hands to this server; which then listens on a
   * free port of loopback besides: Node bounds and ends the connections of a server that listens, and no others.
   */
  readonly handed?: { readonly address: AddressInfo; handTo(server: NetServer): void }
  /** Opens the admin API; without one it is open on loopback only. */
  readonly adminToken?: string | undefined
  /** Of web pages that may use the API from a browser (RFC 6454); `*`: any. */
  readonly origins?: readonly string[]
  /** Of this software, for the OpenAPI document. */
  readonly version?: string
  /** Settles within a bound of its own. */
  readonly readiness: () => Promise<Readiness>
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  readonly store: Pick<CallStore, 'recentCalls' | 'call'> & Pick<DeviceStore, 'listDevices'>
  readonly live: () => LiveCounts
  /** What apps may do; without it there is the admin API alone. */
  readonly clients?: ClientApi
  readonly log: Log
}

export interface ClientApi {
  readonly tokens: TokenVerifier
  readonly routes: readonly Route[]
  /**
   * Takes a connection that asks for another protocol, and owns its socket from then on: it is to be closed before
   * this server is. Without it such a request is answered like any other.
   */
  readonly upgrade?: (this: Server, request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

export interface HttpServer {
  /** Rejects where the address is taken or is none of this machine. */
  listen(): Promise<AddressInfo>
  /**
   * Takes nothing new; requests under way have `withinMs` milliseconds, 2000 without a choice, and are cut off then.
   * Resolves when every connection is closed.
   */
  close(withinMs?: number): Promise<void>
}

export function createHttp(options: HttpOptions): HttpServer {
  const { host, port, handed, log } = options
  const addresses = (): AddressInfo[] => (handed === undefined ? addressesOf(app) : [handed.address])
  const admin = adminGuard({ token: options.adminToken, addresses })
  const admit = gatekeeper(admin, options.clients?.tokens ?? NO_TOKENS)
  const routes = withOpenApi(routesOf(options), options.version ?? '0.0.0')
  const app: FastifyInstance = httpApp(routes, admit, log, options.origins)
  if (options.clients?.upgrade !== undefined) app.server.on('upgrade', options.clients.upgrade)
  return {
    async listen() {
      await app.listen(handed === undefined ? { host, port } : { host: '127.0.0.1', port: 0 })
      handed?.handTo(app.server)
      const [address] = addresses()
      if (address === undefined) throw new Error(`the HTTP server does not listen on ${host}`)
      log.info({ host: address.address, port: address.port }, 'HTTP listens')
      return address
    },
    async close(withinMs = 2000) {
      const cut = setTimeout(() => app.server.closeAllConnections(), withinMs)
      try {
        await app.close()
      } finally {
        clearTimeout(cut)
      }
    },
  }
}

function addressesOf(app: FastifyInstance): AddressInfo[] {
  return app.addresses().filter((address) => typeof address !== 'string')
}

function routesOf({ store, live, readiness, metrics, clients }: HttpOptions): readonly Route[] {
  return [
    healthz(),
    readyz(readiness),
    metricsRoute(metrics),
    problemPage(),
    adminCalls(store, live),
    adminCall(store),
    adminDevices(store),
    ...(clients?.routes ?? []),
  ]
}

const refused = (): Promise<{ readonly fault: TokenFault }> => Promise.resolve({ fault: 'unknown-key' })
/** Where nothing is signed, no token is good. */
const NO_TOKENS: TokenVerifier = { verifyCall: refused, verifyClient: refused, verifyInvitation: refused }
