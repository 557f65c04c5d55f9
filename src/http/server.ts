import type { AddressInfo } from 'node:net'
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
import { type Readiness, readyz } from './routes/readyz.js'

export interface HttpOptions {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** Opens the admin API; without one it is open on loopback only. */
  readonly adminToken?: string | undefined
  /** Settles within a bound of its own. */
  readonly readiness: () => Promise<Readiness>
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  readonly store: Pick<CallStore, 'recentCalls' | 'call'> & Pick<DeviceStore, 'listDevices'>
  readonly live: () => LiveCounts
  readonly log: Log
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
  const { host, port, log } = options
  const app: FastifyInstance = httpApp(
    routesOf(options, () => addressesOf(app)),
    log,
  )
  return {
    async listen() {
      await app.listen({ host, port })
      const [address] = addressesOf(app)
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

function routesOf(options: HttpOptions, addresses: () => AddressInfo[]): Route[] {
  const { store, live } = options
  const guard = adminGuard({ token: options.adminToken, addresses })
  return [
    healthz(),
    readyz(options.readiness),
    metricsRoute(options.metrics),
    adminCalls({ guard, store, live }),
    adminCall({ guard, store }),
    adminDevices({ guard, store }),
  ]
}
