import type { Endpoint, MediaEngine } from '../../embedded/media/index.js'
import {
  type MediaCounters,
  type MediaEndpoint,
  type MediaEndpointOptions,
  MediaError,
  type PerformanceEnd,
  type PerformOptions,
  type Sound,
} from '../../ports/media.js'
import { translated } from './errors.js'

/** An endpoint of the embedded engine, in the port's words. */
export class EmbeddedEndpoint implements MediaEndpoint {
  private constructor(private readonly endpoint: Endpoint) {}

  static async create(engine: MediaEngine, options: MediaEndpointOptions): Promise<EmbeddedEndpoint> {
    const { offer, offerLike, events, transport = 'rtp' } = options
    if (offer === undefined && transport === 'srtp') {
      throw new MediaError('not-acceptable', `the embedded media engine makes no ${transport} offers`)
    }
    const endpoint = await engine.createEndpoint({
      ...(offer === undefined ? {} : { remoteSdp: offer }),
      ...(transport === 'webrtc' ? { carriage: transport } : {}),
      ...(offerLike === undefined ? {} : { offerLike: own(offerLike).endpoint }),
    })
    endpoint.on('media-timeout', () => events?.timeout?.())
    endpoint.on('dtmf', ({ digit }) => events?.digit?.(digit))
    endpoint.on('lost', () => events?.lost?.())
    return new EmbeddedEndpoint(endpoint)
  }

  get id(): string {
    return this.endpoint.id
  }

  get localSdp(): string {
    return this.endpoint.localSdp
  }

  accept(answerSdp: string): Promise<void> {
    return translated(() => this.endpoint.accept(answerSdp))
  }

  modify(offerSdp: string): Promise<string> {
    return translated(() => this.endpoint.modify(offerSdp))
  }

  async play(sound: Sound): Promise<void> {
    await translated(() => this.endpoint.play(sound))
  }

  perform(sounds: readonly Sound[], { times }: PerformOptions): Promise<PerformanceEnd> {
    return translated(() => this.endpoint.perform(sounds, times))
  }

  join(other: MediaEndpoint): Promise<void> {
    return translated(() => this.endpoint.join(own(other).endpoint))
  }

  async counters(): Promise<MediaCounters> {
    const { packetsIn, bytesIn, packetsOut, bytesOut, silenceIn } = await translated(() =>
      this.endpoint.counters(),
    )
    return { packetsIn, bytesIn, packetsOut, bytesOut, silentIn: silenceIn }
  }

  async close(): Promise<void> {
    // Its ports go back to the pool in any case; a worker that does not answer is replaced by its engine.
    await this.endpoint.close().catch(() => undefined)
  }
}

function own(endpoint: MediaEndpoint): EmbeddedEndpoint {
  if (endpoint instanceof EmbeddedEndpoint) return endpoint
  throw new MediaError('not-acceptable', `endpoint ${endpoint.id} is of another engine`)
}
