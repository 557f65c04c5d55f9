import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import {
  type Media,
  type MediaEndpoint,
  type MediaEndpointOptions,
  MediaError,
  type MediaGauges,
  type MediaServerStatus,
} from '../../ports/media.js'
import { inOrder } from './choice.js'
import { Deadlines } from './deadlines.js'
import { FreeswitchEndpoint } from './endpoint.js'
import { openEndpoint } from './open-endpoint.js'
import { servable } from './sdp.js'
import { FreeswitchServer, type ServerOptions } from './server.js'
import { MediaSignaling, type SignalingServer } from './signaling.js'
import { SilenceWatch } from './silence.js'

export interface FreeswitchOptions {
  readonly servers: readonly Omit<ServerOptions, 'listen'>[]
  /** Where INVITEs to them go through; the first that is up in a server's region serves, else the first. */
  readonly signaling: readonly SignalingServer[]
  /** Where each channel connects back to: an address of ours, and the one that FreeSWITCH knows it by. */
  readonly listen: { readonly host: string; readonly advertise?: string }
  /** Silence on a joined side, in ms, that is told of; 0: never. */
  readonly mediaTimeoutMs: number
}

/** How long the first connections may take; what is away then is waited for in the background. */
const START_MS = 3_000

/**
 * The port `media` on a pool of FreeSWITCH servers. A server that is away, now or later, is no reason to reject: it
 * is connected to again, and `gauges` says when none is there.
 */
export async function createFreeswitchMedia(
  options: FreeswitchOptions,
  clock: Clock,
  log: Log,
): Promise<Media> {
  const media = new FreeswitchMedia(options, clock, log)
  await media.start()
  return media
}

class FreeswitchMedia implements Media {
  private readonly deadlines: Deadlines
  private readonly signaling: MediaSignaling
  private readonly pool: readonly FreeswitchServer[]
  private readonly silence: SilenceWatch
  private closed = false

  constructor(options: FreeswitchOptions, clock: Clock, log: Log) {
    const { servers, listen, signaling, mediaTimeoutMs } = options
    this.log = log
    this.deadlines = new Deadlines(clock)
    this.signaling = new MediaSignaling(signaling, clock, log)
    this.pool = servers.map((each) => new FreeswitchServer({ ...each, listen }, this.deadlines, clock, log))
    this.silence = new SilenceWatch(() => this.endpoints(), mediaTimeoutMs, clock, log)
  }

  private readonly log: Log

  get servers(): readonly MediaServerStatus[] {
    return this.pool.map(({ name, candidate: { region, up, weight, full, endpoints } }) => ({
      name,
      ...(region === undefined ? {} : { region }),
      up,
      full: full || weight === 0,
      load: weight === 0 ? Infinity : endpoints / weight,
    }))
  }

  async start(): Promise<void> {
    const first = Promise.all([this.signaling.ready(), ...this.pool.map((server) => server.connect())])
    await this.deadlines.within(first, START_MS, 'the media engine').catch((error: unknown) => {
      this.log.warn({ err: error }, 'the media engine is not complete yet')
    })
  }

  async endpoint(options: MediaEndpointOptions): Promise<MediaEndpoint> {
    if (this.closed) throw new MediaError('lost', 'the media engine is closed')
    if (options.offer !== undefined && !servable(options.offer)) {
      throw new MediaError('not-acceptable', 'no audio stream is offered, or one without keys')
    }
    const servers = this.candidates(options)
    let refusal = new MediaError('exhausted', 'no media server takes new calls')
    for (const server of servers) {
      try {
        return await this.open(server, options)
      } catch (error) {
        if (!(error instanceof MediaError) || error.code === 'not-acceptable') throw error
        this.log.warn({ err: error, server: server.name }, 'a media server gave no endpoint')
        refusal = error
      }
    }
    throw refusal
  }

  async gauges(): Promise<MediaGauges> {
    const away = this.pool.flatMap(({ name, away: why }) => (why === undefined ? [] : [`${name}: ${why}`]))
    if (away.length === this.pool.length) throw new MediaError('lost', away.join('; '))
    if (!this.signaling.up) throw new MediaError('lost', 'no SIP server leads to the media engine')
    const endpoints = this.endpoints()
    return Promise.resolve({
      endpoints: endpoints.length,
      // Pairs, for RTP and RTCP.
      portsInUse: endpoints.length,
      tones: endpoints.filter(({ playing }) => playing).length,
      // Those that wait for something: what looks after the servers runs for as long as we do.
      timers: this.deadlines.pending,
    })
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.silence.close()
    await Promise.all(this.endpoints().map((endpoint) => endpoint.close()))
    for (const server of this.pool) server.close()
    this.signaling.close()
  }

  /**
   * FreeSWITCH answers 488 also where another program has taken a port of its range. Where that cannot be for want of
   * a codec, it is asked once more, and takes another port.
   */
  private async open(server: FreeswitchServer, options: MediaEndpointOptions): Promise<FreeswitchEndpoint> {
    const once = (): Promise<FreeswitchEndpoint> =>
      openEndpoint(server, this.signaling.current(server.candidate.region), options, this.deadlines, this.log)
    try {
      return await once()
    } catch (error) {
      const refused = error instanceof MediaError && error.code === 'not-acceptable'
      if (!refused || !server.speaks(options.offer)) throw error
      this.log.warn({ err: error, server: server.name }, 'a media server refused what it can serve')
      return once()
    }
  }

  private endpoints(): readonly FreeswitchEndpoint[] {
    return this.pool.flatMap((server) => [...server.endpoints])
  }

  /** Both sides of a call are on one server: two cannot be joined. */
  private candidates({ offerLike, regions = [] }: MediaEndpointOptions): readonly FreeswitchServer[] {
    if (offerLike === undefined) {
      const servers = inOrder(this.pool, regions)
      if (servers.length === 0 && this.pool.every(({ away }) => away !== undefined)) {
        throw new MediaError('lost', 'every media server is away')
      }
      return servers
    }
    if (offerLike instanceof FreeswitchEndpoint) return [offerLike.server]
    throw new MediaError('not-acceptable', `endpoint ${offerLike.id} is of another engine`)
  }
}
