import { EventEmitter } from 'node:events'
import { MediaError } from './errors.js'
import type { Method, Methods, PerformanceOver } from './protocol.js'
import type { Sessions } from './sessions.js'
import type { PlaybackEnd } from './tones/playback.js'
import type {
  CodecChoice,
  Direction,
  DtmfEvent,
  EndpointCounters,
  EndpointDescription,
  MediaTimeout,
  ToneSpec,
} from './types.js'

interface EndpointEvents {
  dtmf: [event: DtmfEvent]
  /** Once for each silence; whether it ends the call is the listener's to say. */
  'media-timeout': [timeout: MediaTimeout]
  /** The engine is gone, and this endpoint with it. */
  lost: [error: MediaError]
}

/** What an endpoint needs of its engine. */
export interface EngineOfEndpoint {
  readonly sessions: Sessions
  ask<M extends Method>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']>
  closed(id: string): void
}

/**
 * A port pair and a session description: one side of a call. Any request rejects with a MediaError:
 * `unknown-endpoint` once it is closed, `engine-lost` and `deadline` for the engine's sake.
 */
export class Endpoint extends EventEmitter<EndpointEvents> {
  readonly id: string
  readonly #engine: EngineOfEndpoint
  #description: EndpointDescription
  #ended = false
  #lastPerformance = 0
  readonly #performances = new Map<number, (how: PlaybackEnd | MediaError) => void>()

  constructor(description: EndpointDescription, engine: EngineOfEndpoint) {
    super()
    this.id = description.id
    this.#description = description
    this.#engine = engine
  }

  /** The last offer or answer of ours. */
  get localSdp(): string {
    return this.#description.localSdp
  }

  /** What we do, by the last agreement. */
  get direction(): Direction {
    return this.#description.direction
  }

  /** As in `PCMU/8000`; undefined until there is an agreement. */
  get codec(): string | undefined {
    return this.#description.codec
  }

  /** Closed or lost. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * Completes our offer. The answer of another fork may follow and replaces it; the same one again is nothing.
   * @throws MediaError `bad-state`, `bad-sdp`, `not-acceptable`
   */
  accept(answerSdp: string): Promise<void> {
    return promised(() => {
      this.#description = this.#engine.sessions.accept(this.id, answerSdp)
    })
  }

  /**
   * Answers an offer of the peer inside the session. An offer of ours that has no answer yet is withdrawn.
   * @returns our answer
   * @throws MediaError `bad-sdp`, `not-acceptable`; the session is as before then
   */
  modify(remoteSdp: string): Promise<string> {
    return promised(() => {
      this.#description = this.#engine.sessions.modify(this.id, remoteSdp)
      return this.localSdp
    })
  }

  /**
   * Makes an offer inside the session: a hold, another choice of codecs, or a refresh. The direction stays what
   * it was where none is given, and bounds the answers to the peer's later offers too. It takes effect with
   * `accept`; where the peer refuses it, nothing is to be done.
   * @throws MediaError `bad-option`
   */
  reoffer(options: { direction?: Direction; codecs?: readonly CodecChoice[] } = {}): Promise<string> {
    return promised(() => {
      this.#description = this.#engine.sessions.reoffer(this.id, options)
      return this.localSdp
    })
  }

  /**
   * Loops a tone until `stop` or `join`; replaces the one before.
   * @returns audible: false where nothing is sent now, for want of an agreement or of a codec that can be played
   * @throws MediaError `bad-state` while joined, `bad-option`, `bad-file`
   */
  async play(tone: ToneSpec): Promise<{ audible: boolean }> {
    const { sessions } = this.#engine
    if (tone.kind !== 'file') return sessions.play(this.id, tone)
    const checked = sessions.checkTone(this.id, tone)
    await this.#engine.ask('play-file', { id: this.id, tone })
    return checked
  }

  /**
   * Plays tones to their end, all of them `times` times; replaces the tone before. Nothing is sent afterwards. Has
   * no deadline once it has begun: its end is its own.
   * @returns `stopped` where something else was wanted first: a tone, another performance, `stop`, `join`, `close`
   * @throws MediaError `bad-state` while joined, `not-acceptable` where the peer's codec cannot be played, `bad-option`,
   *   `bad-file`; what was played before goes on then
   */
  async perform(tones: readonly ToneSpec[], times = 1): Promise<PlaybackEnd> {
    const performance = (this.#lastPerformance += 1)
    const over = new Promise<PlaybackEnd | MediaError>((resolve) =>
      this.#performances.set(performance, resolve),
    )
    try {
      await this.#engine.ask('perform', { id: this.id, performance, tones, times })
    } catch (error) {
      // Where it is over already, by `close` or by the engine's end, that is what is to be told.
      if (this.#performances.delete(performance)) throw error
    }
    const how = await over
    if (how instanceof MediaError) throw how
    return how
  }

  /** Sends silence, which keeps paths through NATs open. */
  silence(): Promise<{ audible: boolean }> {
    return this.play({ kind: 'silence' })
  }

  /** Ends the tone; nothing is sent then. */
  stop(): Promise<void> {
    return promised(() => this.#engine.sessions.stop(this.id))
  }

  /**
   * Passes RTP and RTCP both ways and ends the tones of both.
   * @throws MediaError `bad-state` where one is joined or has no agreement, `not-acceptable` where they speak
   *   nothing in common
   */
  join(other: Endpoint): Promise<void> {
    return promised(() => this.#engine.sessions.join(this.id, other.id))
  }

  unjoin(): Promise<void> {
    return promised(() => this.#engine.sessions.unjoin(this.id))
  }

  counters(): Promise<EndpointCounters> {
    return this.#engine.ask('counters', { id: this.id })
  }

  /** Whatever is asked of the engine from now on finds it closed. Idempotent. */
  close(): Promise<void> {
    return promised(() => {
      if (this.#ended) return
      this.#ended = true
      this.#endPerformances('stopped')
      this.#engine.closed(this.id)
    })
  }

  /** For the engine: it was closed, by our own wish. */
  engineClosed(): void {
    this.#ended = true
    this.#endPerformances('stopped')
  }

  /** For the engine: a performance is over. */
  performed({ performance, how }: PerformanceOver): void {
    const resolve = this.#performances.get(performance)
    this.#performances.delete(performance)
    resolve?.(how)
  }

  /** For the engine: it is gone. */
  engineLost(error: MediaError): void {
    this.#ended = true
    this.#endPerformances(error)
    this.emit('lost', error)
  }

  #endPerformances(how: PlaybackEnd | MediaError): void {
    const waiting = [...this.#performances.values()]
    this.#performances.clear()
    for (const resolve of waiting) resolve(how)
  }
}

/** What is done at once, and what it throws, as a promise: whoever asks need not know which of its requests wait. */
function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()))
}
