import { setMaxListeners } from 'node:events'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import { MediaError } from '../../ports/media.js'
import { createSrf, type SrfClient } from './srf.js'

/** A SIP server that speaks drachtio's protocol, through which the INVITEs to FreeSWITCH go. */
export interface SignalingServer {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly secret: string
  readonly region?: string
}

const FIRST_RETRY_MS = 150
/** As the gateway that phones are reached by: calls need both. */
const LAST_RETRY_MS = 2_000

/** One connection to a SIP server; `lost` aborts with it, because drachtio-srf leaves every request unanswered then. */
export interface SignalingConnection {
  readonly srf: SrfClient
  readonly lost: AbortSignal
}

/** One SIP server, reconnected for as long as we live, each time on an Srf of its own. */
class SignalingLink {
  private connection: (SignalingConnection & { readonly abort: AbortController }) | undefined
  private retryMs = FIRST_RETRY_MS
  private stopRetry: (() => void) | undefined
  private closed = false

  constructor(
    private readonly server: SignalingServer,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly connected: () => void,
  ) {
    this.connect()
  }

  get up(): SignalingConnection | undefined {
    return this.connection
  }

  get region(): string | undefined {
    return this.server.region
  }

  close(): void {
    this.closed = true
    this.stopRetry?.()
    this.connection?.abort.abort()
    this.connection?.srf.disconnect()
    this.connection = undefined
  }

  private connect(): void {
    const srf = createSrf()
    const abort = new AbortController()
    // Each request under way listens for the loss.
    setMaxListeners(0, abort.signal)
    const connection = { srf, abort, lost: abort.signal }
    const lose = (error: unknown): void => {
      if (abort.signal.aborted) return
      abort.abort()
      if (this.connection === connection) this.connection = undefined
      if (this.closed) return
      const fields = { server: this.server.name, err: error, retryMs: this.retryMs }
      this.log.warn(fields, 'the SIP server of the media engine is away')
      this.stopRetry = this.clock.after(this.retryMs, () => this.connect())
      this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS)
    }
    srf.on('connect', (error) => {
      if (error || this.closed) return srf.disconnect()
      this.retryMs = FIRST_RETRY_MS
      this.connection = connection
      this.connected()
    })
    srf.on('error', lose)
    srf.on('close', () => lose(undefined))
    // One attempt: the next one is ours.
    srf.connect({ ...this.server, reconnect: { maxAttempts: 1, retryMaxDelay: LAST_RETRY_MS } })
  }
}

/** The SIP servers that INVITEs to FreeSWITCH may go through: the first that is up in its region, else the first. */
export class MediaSignaling {
  private readonly links: readonly SignalingLink[]
  private readonly waiting = new Set<() => void>()

  constructor(servers: readonly SignalingServer[], clock: Clock, log: Log) {
    const connected = (): void => {
      for (const wake of [...this.waiting]) wake()
    }
    this.links = servers.map((server) => new SignalingLink(server, clock, log, connected))
  }

  /** For a server of this region. @throws MediaError `lost` while none is up */
  current(region: string | undefined): SignalingConnection {
    const links = this.links.filter((link) => link.up !== undefined)
    const up = (links.find((link) => link.region === region) ?? links[0])?.up
    if (up === undefined) throw new MediaError('lost', 'no SIP server leads to the media engine')
    return up
  }

  get up(): boolean {
    return this.links.some((link) => link.up !== undefined)
  }

  /** Resolves when one is up. */
  ready(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.up) return
        this.waiting.delete(look)
        resolve()
      }
      this.waiting.add(look)
      look()
    })
  }

  close(): void {
    this.waiting.clear()
    for (const link of this.links) link.close()
  }
}
