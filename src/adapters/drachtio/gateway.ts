import { setMaxListeners } from 'node:events'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import {
  type DialRequest,
  type GatewayStatus,
  type ListeningPoint,
  type OutgoingCall,
  SipFailure,
  type SignalingHandlers,
} from '../../ports/signaling.js'
import { toIncomingCall } from './incoming-call.js'
import { type GatewayLeg, toLeg } from './leg.js'
import { dial } from './outgoing-call.js'
import { respond, toTransaction } from './request.js'
import { createSrf, type Dialog, type Request, type Response, type SrfClient } from './srf.js'
import { type GatewaySubscription, toSubscription } from './subscription.js'

export interface GatewayOptions {
  readonly name: string
  readonly region?: string
  readonly host: string
  readonly port: number
  readonly secret: string
}

const FIRST_RETRY_MS = 150
/** New calls are to come within seconds of the return of a server. */
const LAST_RETRY_MS = 2_000

/** Methods that peers send outside of a call, and that are not ours to serve. */
const OTHER_METHODS = ['message', 'notify', 'publish', 'refer', 'info'] as const

/** What lives on one connection to the server; all of it goes with the connection. */
interface Connection {
  readonly srf: SrfClient
  readonly lost: AbortController
  readonly legs: Set<GatewayLeg>
  readonly subscriptions: Set<GatewaySubscription>
  up: boolean
}

/**
 * One drachtio server, reconnected for as long as we live. Each connection gets an Srf of its own: the one of a lost
 * connection keeps callbacks that nobody will ever call, and its own reconnects neither set TCP_NODELAY nor use TLS.
 */
export class Gateway {
  private connection: Connection
  private retryMs = FIRST_RETRY_MS
  private stopRetry: (() => void) | undefined
  private closed = false
  /** Where the server takes SIP, as it said when it was last reached. */
  private points: readonly ListeningPoint[] = []

  constructor(
    private readonly options: GatewayOptions,
    private readonly handlers: SignalingHandlers,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.connection = this.connect()
  }

  get name(): string {
    return this.options.name
  }

  get status(): GatewayStatus {
    const { name, region } = this.options
    return { name, ...(region === undefined ? {} : { region }), up: this.up, listening: this.points }
  }

  get up(): boolean {
    return this.connection.up
  }

  dial(request: DialRequest): OutgoingCall {
    const { connection } = this
    if (!connection.up) {
      const answered = Promise.reject(new SipFailure(503, `gateway ${this.name} is away`))
      return { answered, cancel: () => undefined }
    }
    return dial(connection.srf, request, connection.lost.signal, this.log, (d) => this.track(connection, d))
  }

  close(): void {
    this.closed = true
    this.stopRetry?.()
    if (this.connection.up) this.connection.srf.disconnect()
  }

  private connect(): Connection {
    const srf = createSrf()
    const connection: Connection = {
      srf,
      lost: new AbortController(),
      legs: new Set(),
      subscriptions: new Set(),
      up: false,
    }
    // Each dial that is under way listens: many of them are no leak to be warned of.
    setMaxListeners(0, connection.lost.signal)
    srf.on('connect', (error, hostPorts) => this.connected(connection, error, hostPorts))
    srf.on('error', (error) => this.lose(connection, error))
    srf.on('close', () => this.lose(connection, undefined))
    this.route(connection)
    // One attempt: the next one is ours, on an Srf of its own.
    srf.connect({ ...this.options, reconnect: { maxAttempts: 1, retryMaxDelay: LAST_RETRY_MS } })
    return connection
  }

  private route(connection: Connection): void {
    const { srf } = connection
    const track = (dialog: Dialog): GatewayLeg => this.track(connection, dialog)
    srf.invite((req, res) =>
      this.guard(res, () => this.handlers.invite(toIncomingCall(srf, req, res, this.name, this.log, track))),
    )
    srf.register((req, res) =>
      this.guard(res, () => this.handlers.register(toTransaction(req, res, this.name))),
    )
    srf.options((req, res) =>
      this.guard(res, () => this.handlers.options(toTransaction(req, res, this.name))),
    )
    srf.subscribe((req, res) => this.guard(res, () => this.subscribed(connection, req, res)))
    // Without a route for them the server would say that it is out of service (503).
    for (const method of OTHER_METHODS) {
      srf[method]((req, res) =>
        this.guard(res, () => this.handlers.other(toTransaction(req, res, this.name))),
      )
    }
  }

  private subscribed({ srf, subscriptions }: Connection, req: Request, res: Response): void {
    if (this.handlers.subscribe === undefined) {
      return this.handlers.other(toTransaction(req, res, this.name))
    }
    this.handlers.subscribe(toSubscription(srf, req, res, this.name, this.log, subscriptions))
  }

  /** An error of ours costs the request that met it, not the connection that it came on. */
  private guard(res: Response, handle: () => void): void {
    try {
      handle()
    } catch (error) {
      this.log.error({ err: error, gateway: this.name }, 'a request could not be handled')
      respond(res, { status: 500 }).catch((e: unknown) =>
        this.log.error({ err: e }, 'a 500 could not be sent'),
      )
    }
  }

  private track(connection: Connection, dialog: Dialog): GatewayLeg {
    const leg: GatewayLeg = toLeg(dialog, this.log, () => connection.legs.delete(leg))
    connection.legs.add(leg)
    return leg
  }

  private connected(connection: Connection, error: unknown, hostPorts: string): void {
    if (error || this.closed) {
      this.log.error({ gateway: this.name, err: error }, 'the SIP server refused us: is the secret right?')
      connection.srf.disconnect()
      return
    }
    connection.up = true
    this.points = listeningPoints(hostPorts)
    this.retryMs = FIRST_RETRY_MS
    this.log.info({ gateway: this.name, listening: hostPorts }, 'connected to the SIP server')
    this.handlers.gatewayUp(this.name)
  }

  private lose(connection: Connection, error: unknown): void {
    if (connection.lost.signal.aborted) return
    const was = connection.up
    connection.up = false
    connection.lost.abort()
    for (const leg of [...connection.legs]) leg.abandon()
    for (const subscription of [...connection.subscriptions]) subscription.abandon()
    if (this.closed) return
    this.log.warn({ gateway: this.name, err: error, retryMs: this.retryMs }, 'the SIP server is away')
    if (was) this.handlers.gatewayLost(this.name)
    this.stopRetry = this.clock.after(this.retryMs, () => (this.connection = this.connect()))
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS)
  }
}

/** `udp/192.0.2.1:5060,tcp/192.0.2.1:5060`, as the server introduces itself. */
function listeningPoints(hostPorts: string): readonly ListeningPoint[] {
  return hostPorts.split(',').flatMap((each) => {
    const [, protocol, host, port] = /^(\w+)\/(.+):(\d+)$/.exec(each.trim()) ?? []
    return protocol === undefined || host === undefined ? [] : [{ protocol, host, port: Number(port) }]
  })
}
