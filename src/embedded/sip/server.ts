import { randomBytes } from 'node:crypto'
import type { App } from './control/app.js'
import { AttachedApps, type AttachedApp, type Attachment } from './control/attached-apps.js'
import { ControlServer } from './control/control-server.js'
import { Routes } from './control/routes.js'
import { Cdr } from './core/cdr.js'
import type { Context } from './core/context.js'
import { Core } from './core/core.js'
import { RegisteredFlows } from './core/registered-flows.js'
import { relayRequest } from './core/relay.js'
import { Dialogs } from './dialog/dialogs.js'
import { settingsOf, type ControlOptions, type Settings, type SipServerOptions } from './options.js'
import { Counters, type SipServerStats } from './stats.js'
import { TimerSet } from './timer-set.js'
import { TransactionLayer } from './transaction/layer.js'
import { bindAll } from './transport/bind.js'
import { Ingress } from './transport/ingress.js'
import { advertisedAddress } from './transport/local-address.js'
import { Resolver, systemNames } from './transport/resolve.js'
import type { ListeningPoint, Protocol, TransportEvents } from './transport/transport.js'
import { Transports } from './transport/transports.js'

/** Where apps connect. */
export interface Control {
  readonly host: string
  readonly port: number
  readonly secret: string
}

export interface SipServer {
  readonly control?: Control
  readonly listening: readonly { readonly protocol: Protocol; readonly host: string; readonly port: number }[]
  /** The same points as peers see them. */
  readonly advertised: readonly {
    readonly protocol: Protocol
    readonly host: string
    readonly port: number
  }[]
  /** Hands an app of this process its share of the new requests of those methods. */
  attach(app: AttachedApp, methods: readonly string[]): Attachment
  stats(): SipServerStats
  /** Closes all sockets and stops all timers. Calls under way are not ended first. */
  close(): Promise<void>
}

/** A server with a port for apps. */
export interface SharedSipServer extends SipServer {
  readonly control: Control
}

/**
 * Starts a SIP server for apps of this process and, with `control`, for others that speak drachtio-server's wire
 * protocol. Rejects where a port cannot be bound.
 */
export function startSipServer(
  options: SipServerOptions & { readonly control: ControlOptions },
): Promise<SharedSipServer>
export function startSipServer(options: SipServerOptions): Promise<SipServer>
export async function startSipServer(options: SipServerOptions): Promise<SipServer> {
  const settings = settingsOf(options)
  const counters = new Counters()
  const fault = faultReporter(options)
  const timers = new TimerSet((error) => fault('timer', error))
  const core = new Core()
  const layer = new TransactionLayer({ timers, settings, counters }, core)
  const ingress = new Ingress(
    {
      request: (request, flow) => {
        if (!relayRequest(core.context, request, flow)) layer.receiveRequest(request, flow)
      },
      response: (response, flow) => layer.receiveResponse(response, flow),
      refuse: (request, flow, status, reason) => layer.refuse(request, flow, status, reason),
    },
    settings.limits,
    counters,
  )
  // What arrives while the ports are still being bound is dropped; there is no app yet to take it anyhow.
  let ready = false
  const events = transportEvents(ingress, counters, fault, () => ready)
  const points = await bindAll(options.listen, { events, limits: settings.limits, timers })
  const resolver = new Resolver(options.nameServices ?? systemNames, settings.limits.resolve)
  const transports = new Transports(points, resolver)
  const routes = new Routes<App>()
  core.context = makeContext({ settings, timers, counters, layer, transports, routes, fault })
  ready = true
  const attached = new AttachedApps(routes, core)
  const port = options.control && (await openControl(options.control, points, core, routes))
  let closed: Promise<void> | undefined
  const close = async () => {
    attached.close()
    await port?.server.close()
    await Promise.all(points.map((point) => point.close()))
    timers.stopAll()
  }
  return {
    ...(port && { control: port.control }),
    listening: points.map(({ protocol, host, port }) => ({ protocol, host, port })),
    advertised: points.map((point) => ({ protocol: point.protocol, ...advertisedAddress(point, '') })),
    attach: (app, methods) => attached.attach(app, methods),
    stats: () => readStats(core.context, counters, attached.size + (port?.server.appCount ?? 0)),
    close: () => (closed ??= close()),
  }
}

function makeContext(parts: {
  settings: Settings
  timers: TimerSet
  counters: Counters
  layer: TransactionLayer
  transports: Transports
  routes: Routes<App>
  fault: (where: string, error: unknown) => void
}): Context {
  return {
    ...parts,
    dialogs: new Dialogs(),
    registered: new RegisteredFlows(parts.timers),
    cdr: new Cdr(parts.routes),
    answerable: new Map(),
    awaited: new Map(),
    inviteOwners: new Map(),
    relayKey: randomBytes(32),
    proxied: new Set(),
  }
}

async function openControl(
  options: ControlOptions,
  points: readonly ListeningPoint[],
  core: Core,
  routes: Routes<App>,
): Promise<{ server: ControlServer; control: Control }> {
  const { context } = core
  const { settings, timers, transports } = context
  const secret = options.secret ?? randomBytes(24).toString('hex')
  const hostPorts = { hostPorts: transports.hostPorts(), localHostPorts: transports.localHostPorts() }
  const server = new ControlServer(
    { settings, timers, secret, routes, ...hostPorts, fault: (where, error) => context.fault(where, error) },
    core,
  )
  try {
    const address = await server.listen(options.host ?? '127.0.0.1', options.port ?? 0)
    return { server, control: { ...address, secret } }
  } catch (error) {
    await Promise.all(points.map((point) => point.close()))
    throw error
  }
}

function transportEvents(
  ingress: Ingress,
  counters: Counters,
  fault: (where: string, error: unknown) => void,
  ready: () => boolean,
): TransportEvents {
  return {
    message: (bytes, flow) => {
      if (ready()) ingress.receive(bytes, flow)
    },
    broken: (bytes, flow, reason) => {
      if (ready()) ingress.receiveBroken(bytes, flow, reason)
    },
    keepAlive: () => counters.keepAlives++,
    sendFailed: () => counters.sendFailures++,
    handshakeFailed: () => counters.failedHandshakes++,
    fault,
  }
}

/** A fault handler that throws must not become a fault itself. */
function faultReporter(options: SipServerOptions): (where: string, error: unknown) => void {
  return (where, error) => {
    try {
      options.onFault?.({ where, error })
    } catch (thrown) {
      process.emitWarning(`the SIP fault handler threw: ${String(thrown)}`)
    }
  }
}

function readStats(context: Context, counters: Counters, apps: number): SipServerStats {
  return {
    transactions: { client: context.layer.clientCount, server: context.layer.serverCount },
    dialogs: context.dialogs.size,
    connections: context.transports.connections,
    timers: context.timers.size,
    apps,
    pending: {
      incoming: context.answerable.size,
      outgoing: context.awaited.size,
      proxied: context.proxied.size,
    },
    messages: { in: counters.messagesIn, out: counters.messagesOut },
    malformed: counters.malformed,
    refused: counters.refused,
    retransmissions: { in: counters.retransmissionsIn, out: counters.retransmissionsOut },
    stray: counters.stray,
    sendFailures: counters.sendFailures,
    keepAlives: counters.keepAlives,
    failedHandshakes: counters.failedHandshakes,
  }
}
