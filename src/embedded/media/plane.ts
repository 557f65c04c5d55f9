import { systemClock, type EngineClock } from './clock.js'
import { EndpointFactory } from './endpoint-factory.js'
import type { MediaEndpoint } from './endpoint.js'
import { MediaError } from './errors.js'
import { Player } from './player.js'
import type { Command, EngineEvent, OpenParams, PerformParams } from './protocol.js'
import type { EndpointCounters, EngineStats, MediaOptions, ToneSpec } from './types.js'
import { Watch } from './watch.js'

/**
 * Where packets are: endpoints by id, their joins, their tones. Knows agreements, and nothing of descriptions. What it is
 * told was looked at before (`Sessions`).
 */
export class MediaPlane {
  readonly #factory: EndpointFactory
  readonly #endpoints = new Map<string, MediaEndpoint>()
  readonly #player: Player
  readonly #watch: Watch
  readonly #emit: (event: EngineEvent) => void
  readonly #leasing = new Set<Promise<unknown>>()
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

  /** @throws MediaError `no-ports`, `bad-option`, `engine-lost` */
  lease(count: number): Promise<readonly number[]> {
    if (this.#closed) return Promise.reject(new MediaError('engine-lost', 'the engine is closed'))
    const leasing = this.#factory.lease(count)
    this.#leasing.add(leasing)
    const done = () => this.#leasing.delete(leasing)
    leasing.then(done, done)
    return leasing
  }

  /** Resolves when it is carried out, which for most is at once. Rejects for a defect only. */
  async command(command: Command): Promise<void> {
    switch (command.type) {
      case 'open':
        return this.#open(command)
      case 'agree':
        return this.#find(command.id).agree(command.terms)
      case 'offer':
        return this.#find(command.id).offer(command.terms)
      case 'play':
        return this.#player.playTone(this.#find(command.id), command.tone)
      case 'stop':
        return this.#player.silence(this.#find(command.id))
      case 'join':
        return this.#join(command.id, command.other)
      case 'unjoin':
        this.#find(command.id).unjoin()
        return
      case 'remove':
        return this.#remove(command.id)
      default:
        command satisfies never
    }
  }

  #open(params: OpenParams): void {
    const endpoint = this.#factory.make(params)
    this.#endpoints.set(endpoint.id, endpoint)
    this.#watch.arm()
  }

  /** What may be a file. @throws MediaError `bad-state` for a joined endpoint, `bad-option`, `bad-file` */
  play(id: string, spec: ToneSpec): Promise<void> {
    return this.#player.play(this.#find(id), spec)
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

  #join(id: string, otherId: string): void {
    const [endpoint, other] = [this.#find(id), this.#find(otherId)]
    endpoint.join(other)
    this.#player.silence(endpoint)
    this.#player.silence(other)
  }

  counters(id: string): EndpointCounters {
    return this.#find(id).counters()
  }

  stats(): EngineStats {
    const stats: EngineStats = {
      endpoints: this.#endpoints.size,
      joins: 0,
      portsInUse: this.#endpoints.size,
      portsFree: this.#factory.free,
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

  #remove(id: string): Promise<void> {
    const endpoint = this.#find(id)
    this.#endpoints.delete(id)
    endpoint.unjoin()
    this.#player.silence(endpoint)
    addTraffic(this.#past, endpoint)
    this.#watch.disarmIfIdle()
    return this.#factory.dispose(endpoint)
  }

  /** Removes everything, and closes every socket. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#leasing)
    await Promise.all([...this.#endpoints.keys()].map((id) => this.#remove(id)))
    await this.#factory.close()
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
