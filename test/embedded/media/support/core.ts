import type { EngineClock } from '../../../../src/embedded/media/clock.js'
import { MediaError } from '../../../../src/embedded/media/errors.js'
import { MediaPlane } from '../../../../src/embedded/media/plane.js'
import type { EngineEvent, PerformParams } from '../../../../src/embedded/media/protocol.js'
import { Sessions, type CreateParams, type OfferParams } from '../../../../src/embedded/media/sessions.js'
import type {
  EndpointCounters,
  EndpointDescription,
  EngineStats,
  MediaOptions,
  ToneSpec,
} from '../../../../src/embedded/media/types.js'

/** The engine in one thread: descriptions, and packets beside them. */
export class MediaCore {
  readonly #plane: MediaPlane
  readonly #sessions: Sessions

  constructor(options: MediaOptions, emit: (event: EngineEvent) => void, clock?: EngineClock) {
    this.#plane = new MediaPlane(options, emit, clock)
    this.#sessions = new Sessions(options, {
      lease: (count) => this.#plane.lease(count),
      // A command that cannot be carried out fails the test, as an unhandled rejection.
      send: (command) => void this.#plane.command(command),
    })
  }

  create(params: CreateParams): Promise<EndpointDescription> {
    return this.#sessions.create(params)
  }

  accept(id: string, sdp: string): EndpointDescription {
    return this.#sessions.accept(id, sdp)
  }

  modify(id: string, sdp: string): EndpointDescription {
    return this.#sessions.modify(id, sdp)
  }

  reoffer(id: string, params: OfferParams): EndpointDescription {
    return this.#sessions.reoffer(id, params)
  }

  async play(id: string, tone: ToneSpec): Promise<{ audible: boolean }> {
    if (tone.kind !== 'file') return this.#sessions.play(id, tone)
    const checked = this.#sessions.checkTone(id, tone)
    await this.#plane.play(id, tone)
    return checked
  }

  perform(id: string, params: PerformParams): Promise<void> {
    return this.#plane.perform(id, params)
  }

  stop(id: string): void {
    this.#sessions.stop(id)
  }

  join(id: string, other: string): void {
    this.#sessions.join(id, other)
  }

  unjoin(id: string): void {
    this.#sessions.unjoin(id)
  }

  counters(id: string): EndpointCounters {
    return this.#plane.counters(id)
  }

  stats(): EngineStats {
    return this.#plane.stats()
  }

  remove(id: string): Promise<void> {
    this.#sessions.remove(id)
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#sessions.close(new MediaError('engine-lost', 'the engine is closed'))
    await this.#plane.close()
  }
}
