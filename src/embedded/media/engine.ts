import { systemClock, type EngineClock } from './clock.js'
import { EndpointFactory, type CreateParams } from './endpoint-factory.js'
import type { MediaEndpoint } from './endpoint.js'
import { MediaError } from './errors.js'
import { Player } from './player.js'
import { agreedWishes, chosenOffer, offerJoinable } from './sdp/offers.js'
import type { PlaybackEnd } from './tones/playback.js'
import type {
  CodecChoice,
  Direction,
  DtmfEvent,
  EndpointCounters,
  EndpointDescription,
  EngineStats,
  MediaOptions,
  MediaTimeout,
  ToneSpec,
} from './types.js'
import { Watch } from './watch.js'

export interface OfferParams {
  direction?: Direction
  codecs?: readonly CodecChoice[]
}

export type EngineEvent =
  | { type: 'dtmf'; id: string; detail: DtmfEvent }
  | { type: 'media-timeout'; id: string; detail: MediaTimeout }
  | { type: 'performed'; id: string; detail: PerformanceOver }

export interface PerformParams {
  /** Chosen by who asks; names the performance in the event that tells of its end. */
  performance: number
  tones: readonly ToneSpec[]
  /** How often all of them are heard; 1 or more. */
  times: number
}

export interface PerformanceOver {
  performance: number
  how: PlaybackEnd
}

/** The engine without the thread around it: endpoints by id, their joins, their tones. */
export class MediaCore {
  readonly #factory: EndpointFactory
  readonly #endpoints = new Map<string, MediaEndpoint>()
  readonly #player: Player
  readonly #watch: Watch
  readonly #opening = new Set<Promise<unknown>>()
  readonly #emit: (event: EngineEvent) => void
  readonly #past = { packetsRelayed: 0, packetsPlayed: 0, packetsRefused: 0 }
  #closed = false

  /** @throws MediaError `bad-option` */
  constructor(options: MediaOptions, emit: (event: EngineEvent) => void, clock: EngineClock = systemClock) {
    this.#emit = emit
    this.#factory = new EndpointFactory(options, clock, (id, detail) => emit({ type: 'dtmf', id, detail }))
    this.#player = new Player(clock)
    this.#watch = new Watch(clock, this.#endpoints, {
      mediaTimeoutMs: options.mediaTimeoutMs ?? 30_000,
      rtcpIntervalMs: options.rtcpIntervalMs ?? 5000,
      onTimeout: (id, detail) => emit({ type: 'media-timeout', id, detail }),
    })
  }

  /** @throws MediaError `bad-sdp`, `not-acceptable`, `no-ports`, `bad-option`, `unknown-endpoint` */
  create(params: CreateParams): Promise<EndpointDescription> {
    if (this.#closed) return Promise.reject(new MediaError('engine-lost', 'the engine is closed'))
    const opening = this.#create(params)
    this.#opening.add(opening)
    const done = () => this.#opening.delete(opening)
    opening.then(done, done)
    return opening
  }

  async #create(params: CreateParams): Promise<EndpointDescription> {
    const endpoint = await this.#factory.make(params, (id) => this.#find(id))
    if (this.#closed) {
      await this.#factory.dispose(endpoint)
      throw new MediaError('engine-lost', 'the engine is closed')
    }
    this.#endpoints.set(endpoint.id, endpoint)
    this.#watch.arm()
    return endpoint.describe()
  }

  /** Completes an offer of ours. @throws MediaError `bad-state`, `bad-sdp`, `not-acceptable` */
  accept(id: string, sdp: string): EndpointDescription {
    const endpoint = this.#find(id)
    endpoint.accept(sdp)
    return endpoint.describe()
  }

  /** Answers an offer inside the session. @throws MediaError `bad-sdp`, `not-acceptable` */
  modify(id: string, sdp: string): EndpointDescription {
    const endpoint = this.#find(id)
    endpoint.answer(sdp, {})
    return endpoint.describe()
  }

  /** Makes an offer inside the session. @throws MediaError `bad-option` */
  reoffer(id: string, { direction, codecs }: OfferParams): EndpointDescription {
    const endpoint = this.#find(id)
    const { agreement, peer } = endpoint
    const own = agreement ? agreedWishes(agreement) : endpoint.codecs
    const other = peer?.agreement ? agreedWishes(peer.agreement) : []
    endpoint.offer({
      codecs: codecs ? chosenOffer(codecs) : offerJoinable(other, own),
      ...(direction ? { direction } : {}),
      ...(agreement ? { ptime: agreement.ptime } : {}),
    })
    return endpoint.describe()
  }

  /**
   * @returns audible: false where the peer's codec cannot be played here and nothing is sent
   * @throws MediaError `bad-state` for a joined endpoint, `bad-option`, `bad-file`
   */
  async play(id: string, spec: ToneSpec): Promise<{ audible: boolean }> {
    await this.#player.play(this.#find(id), spec)
    return { audible: this.#find(id).sender.law !== undefined }
  }

  /**
   * Plays tones to their end, which an event tells of. Refused, it leaves what is played as it is.
   * @throws MediaError `bad-state` for a joined endpoint, `not-acceptable` where the peer's codec cannot be played
   *   here, `bad-option`, `bad-file`
   */
  async perform(id: string, { performance, ...sounds }: PerformParams): Promise<void> {
    await this.#player.perform(this.#find(id), sounds, (how) => {
      this.#emit({ type: 'performed', id, detail: { performance, how } })
    })
  }

  stop(id: string): void {
    this.#player.silence(this.#find(id))
  }

  /** Ends both tones and relays. @throws MediaError `bad-state`, `not-acceptable` */
  join(id: string, otherId: string): void {
    const [endpoint, other] = [this.#find(id), this.#find(otherId)]
    if (endpoint.peer === other) return
    endpoint.join(other)
    this.#player.silence(endpoint)
    this.#player.silence(other)
  }

  unjoin(id: string): void {
    this.#find(id).unjoin()
  }

  counters(id: string): EndpointCounters {
    return this.#find(id).counters()
  }

  stats(): EngineStats {
    const stats: EngineStats = {
      endpoints: this.#endpoints.size,
      joins: 0,
      portsInUse: this.#factory.ports.inUse,
      portsFree: this.#factory.ports.free,
      tones: this.#player.size,
      timers: this.#player.timers + this.#watch.timers,
      ...this.#past,
    }
    for (const endpoint of this.#endpoints.values()) {
      if (endpoint.peer) stats.joins += 0.5
      stats.timers += endpoint.timers
      addTraffic(stats, endpoint)
    }
    return stats
  }

  /** Resolves when its sockets are free for others; an endpoint that is not there is removed already. */
  async remove(id: string): Promise<void> {
    const endpoint = this.#endpoints.get(id)
    if (!endpoint) return
    this.#endpoints.delete(id)
    endpoint.unjoin()
    this.#player.silence(endpoint)
    addTraffic(this.#past, endpoint)
    this.#watch.disarmIfIdle()
    await this.#factory.dispose(endpoint)
  }

  /** Removes everything, what is being opened included. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#opening)
    await Promise.all([...this.#endpoints.keys()].map((id) => this.remove(id)))
    await this.#factory.ports.close()
  }

  #find(id: string): MediaEndpoint {
    const endpoint = this.#endpoints.get(id)
    if (!endpoint) throw new MediaError('unknown-endpoint', `no endpoint ${id}`)
    return endpoint
  }
}

type Traffic = Pick<EngineStats, 'packetsRelayed' | 'packetsPlayed' | 'packetsRefused'>

function addTraffic(total: Traffic, { sender, receiver }: MediaEndpoint): void {
  total.packetsRelayed += sender.relayed
  total.packetsPlayed += sender.played
  total.packetsRefused += receiver.refused
}
