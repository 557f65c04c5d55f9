import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import { MediaError } from '../../ports/media.js'
import type { Candidate } from './choice.js'
import type { Deadlines } from './deadlines.js'
import type { FreeswitchEndpoint } from './endpoint.js'
import { voicesOf } from './sdp.js'
import { FreeswitchSession, type SessionOptions } from './session.js'

export interface ServerOptions extends SessionOptions {
  readonly name: string
  /** Its share of new endpoints beside the others'; 0: it is drained, and gets none. */
  readonly weight: number
  readonly region?: string
}

const FIRST_RETRY_MS = 200
/** New calls are to come within seconds of the return of a server. */
const LAST_RETRY_MS = 2_000
/** How often a server is asked how it is; one that does not answer is away. */
const PROBE_MS = 5_000

/** One FreeSWITCH server: connected again for as long as we live, asked how it is, and what lives on it. */
export class FreeswitchServer {
  readonly endpoints = new Set<FreeswitchEndpoint>()
  /** Endpoints on their way. */
  opening = 0
  private session: FreeswitchSession | undefined
  private retryMs = FIRST_RETRY_MS
  private stopTimer: (() => void) | undefined
  private closed = false
  private paused = false
  private sessions = { now: 0, most: Infinity }
  private why = 'not connected yet'

  constructor(
    private readonly options: ServerOptions,
    private readonly deadlines: Deadlines,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  get name(): string {
    return this.options.name
  }

  /** What speaks for or against it for a new endpoint. */
  get candidate(): Candidate {
    const { weight, region } = this.options
    return {
      up: this.session !== undefined,
      weight: this.paused ? 0 : weight,
      region,
      endpoints: this.endpoints.size + this.opening,
      full: this.sessions.now >= this.sessions.most,
    }
  }

  /** Why it is away; undefined while it is up. */
  get away(): string | undefined {
    return this.session === undefined ? this.why : undefined
  }

  /** @throws MediaError `lost` while it is away */
  current(): FreeswitchSession {
    if (this.session === undefined)
      throw new MediaError('lost', `media server ${this.name} is away: ${this.why}`)
    return this.session
  }

  /** Whether an offer has a codec of this server; one of our own has. */
  speaks(offer: string | undefined): boolean {
    if (offer === undefined) return true
    const codecs = this.session?.codecs ?? []
    return voicesOf(offer).some((voice) => codecs.includes(voice.split('/')[0] ?? ''))
  }

  /** Connects; resolves when that has succeeded or failed once. It is tried again by itself. */
  async connect(): Promise<void> {
    try {
      const session = await FreeswitchSession.open(this.options, this.deadlines, this.log)
      if (this.closed) return session.close()
      this.begin(session)
    } catch (error) {
      this.why = error instanceof Error ? error.message : String(error)
      this.retry()
    }
  }

  close(): void {
    this.closed = true
    this.stopTimer?.()
    this.stopTimer = undefined
    this.session?.close()
    this.session = undefined
  }

  private begin(session: FreeswitchSession): void {
    this.session = session
    this.retryMs = FIRST_RETRY_MS
    this.log.info({ server: this.name }, 'connected to the media server')
    session.lost.addEventListener('abort', () => this.lose('the connection was lost'), { once: true })
    if (session.lost.aborted) return this.lose('the connection was lost')
    session.onHeartbeat((beat) => {
      this.sessions = {
        now: Number(beat.getHeader('Session-Count') ?? 0),
        most: Number(beat.getHeader('Max-Sessions') ?? Infinity),
      }
    })
    this.probeLater(session)
  }

  private probeLater(session: FreeswitchSession): void {
    this.stopTimer = this.clock.after(PROBE_MS, () => {
      session.api('status').then(
        (status) => {
          if (this.session !== session) return
          this.heard(status)
          this.probeLater(session)
        },
        () => {
          if (this.session !== session) return
          // It hangs: what waits for it is told now, not when TCP gives up.
          this.why = 'it does not answer'
          session.close()
        },
      )
    })
  }

  /** `fsctl pause` is the operator's way to drain a server: it says that it is not ready then. */
  private heard(status: string): void {
    const paused = /\bis not ready\b/.test(status)
    if (paused !== this.paused) {
      this.log.info({ server: this.name, paused }, 'the media server was paused or resumed')
    }
    this.paused = paused
    const now = /^(\d+) session\(s\) -/m.exec(status)?.[1]
    const most = /^(\d+) session\(s\) max/m.exec(status)?.[1]
    this.sessions = { now: Number(now ?? 0), most: Number(most ?? Infinity) }
  }

  private lose(why: string): void {
    this.session = undefined
    if (this.closed) return
    this.why = why
    this.log.warn({ server: this.name, endpoints: this.endpoints.size }, 'a media server is away')
    for (const endpoint of [...this.endpoints]) endpoint.lose()
    this.retry()
  }

  private retry(): void {
    if (this.closed) return
    this.stopTimer?.()
    const { why, retryMs } = this
    this.log.warn({ server: this.name, why, retryMs }, 'the media server cannot be used')
    this.stopTimer = this.clock.after(retryMs, () => {
      this.stopTimer = undefined
      void this.connect()
    })
    this.retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
  }
}
