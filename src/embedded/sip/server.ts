import { randomBytes } from 'node:crypto'
import { ControlServer } from './control/control-server.js'
import { Cdr } from './core/cdr.js'
import type { Context } from './core/context.js'
import { Core } from './core/core.js'
import { RegisteredFlows } from './core/registered-flows.js'
import { relayRequest } from './core/relay.js'
import { Dialogs } from './dialog/dialogs.js'
import { settingsOf, type Settings, type SipServerOptions } from './options.js'
import { Counters, type SipServerStats } from './stats.js'
import { TimerSet } from './timer-set.js'
import { TransactionLayer } from './transaction/layer.js'
import { bindAll } from './transport/bind.js'
import { Ingress } from './transport/ingress.js'
import { Resolver, systemNames } from './transport/resolve.js'
import type { ListeningPoint, Protocol, TransportEvents } from './transport/transport.js'
import { Transports } from './transport/transports.js'

export interface SipServer {
  readonly control: { readonly host: string; readonly port: number; readonly secret: string }
  readonly listening: readonly { readonly protocol: Protocol; readonly host: string; readonly port: number }[]
  stats(): SipServerStats
  /** Closes all sockets and stops all timers. Calls under way are not ended first. */
  close(): Promise<void>
}

/**
 * Starts a SIP server that speaks drachtio-server's wire protocol, so that drachtio-srf drives it.
 * Rejects where a port cannot be bound.
 */
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
  const secret = options.control?.secret ?? randomBytes(24).toString('hex')
  const hostPorts = { hostPorts: transports.hostPorts(), localHostPorts: transports.localHostPorts() }
  const control = new ControlServer({ settings, timers, secret, ...hostPorts, fault }, core)
  core.context = makeContext({ settings, timers, counters, layer, transports, control, fault })
  ready = true
  const address = await listenForApps(control, options, points)
  let closed: Promise<void> | undefined
  const close = async () => {
    await control.close()
    await Promise.all(points.map((point) => point.close()))
    timers.stopAll()
  }
  return {
    control: { ...address, secret },
    listening: points.map(({ protocol, host, port }) => ({ protocol, host, port })),
    stats: () => readStats(core.context, counters, control),
    close: () => (closed ??= close()),
  }
}

function makeContext(parts: {
  settings: Settings
  timers: TimerSet
  counters: Counters
  layer: TransactionLayer
  transports: Transports
  control: ControlServer
  fault: (where: string, error: unknown) => void
}): Context {
  const { control, ...shared } = parts
  return {
    ...shared,
    dialogs: new Dialogs(),
    routes: control.routes,
    registered: new RegisteredFlows(parts.timers),
    cdr: new Cdr(control.routes),
    answerable: new Map(),
    awaited: new Map(),
    inviteOwners: new Map(),
    relayKey: randomBytes(32),
    proxied: new Set(),
  }
}

async function listenForApps(
  control: ControlServer,
  options: SipServerOptions,
  points: readonly ListeningPoint[],
): Promise<{ host: string; port: number }> {
  try {
    return await control.listen(options.control?.host ?? '127.0.0.1', options.control?.port ?? 0)
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

function readStats(context: Context, counters: Counters, control: ControlServer): SipServerStats {
  return {
    transactions: { client: context.layer.clientCount, server: context.layer.serverCount },
    dialogs: context.dialogs.size,
    connections: context.transports.connections,
    timers: context.timers.size,
    apps: control.appCount,
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
