import { EventEmitter } from 'node:events'
import { MediaError } from './errors.js'
import type { PerformanceOver } from './engine.js'
import type { Method, Methods } from './protocol.js'
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

export type Ask = <M extends Method>(method: M, params: Methods[M]['params']) => Promise<Methods[M]['result']>

/**
 * A port pair and a session description: one side of a call. Any request rejects with a MediaError:
 * `unknown-endpoint` once it is closed, `engine-lost` and `deadline` for the engine's sake.
 */
export class Endpoint extends EventEmitter<EndpointEvents> {
  readonly id: string
  readonly #ask: Ask
  readonly #onClosed: () => void
  #description: EndpointDescription
  #ended = false
  #lastPerformance = 0
  readonly #performances = new Map<number, (how: PlaybackEnd | MediaError) => void>()

  constructor(description: EndpointDescription, ask: Ask, onClosed: () => void) {
    super()
    this.id = description.id
    this.#description = description
    this.#ask = ask
    this.#onClosed = onClosed
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
  async accept(answerSdp: string): Promise<void> {
    this.#description = await this.#ask('accept', { id: this.id, sdp: answerSdp })
  }

  /**
   * Answers an offer of the peer inside the session. An offer of ours that has no answer yet is withdrawn.
   * @returns our answer
   * @throws MediaError `bad-sdp`, `not-acceptable`; the session is as before then
   */
  async modify(remoteSdp: string): Promise<string> {
    this.#description = await this.#ask('modify', { id: this.id, sdp: remoteSdp })
    return this.localSdp
  }

  /**
   * Makes an offer inside the session: a hold, another choice of codecs, or a refresh. The direction stays what
   * it was where none is given, and bounds the answers to the peer's later offers too. It takes effect with
   * `accept`; where the peer refuses it, nothing is to be done.
   * @throws MediaError `bad-option`
   */
  async reoffer(options: { direction?: Direction; codecs?: readonly CodecChoice[] } = {}): Promise<string> {
    this.#description = await this.#ask('reoffer', { id: this.id, ...options })
    return this.localSdp
  }

  /**
   * Loops a tone until `stop` or `join`; replaces the one before.
   * @returns audible: false where nothing is sent now, for want of an agreement or of a codec that can be played
   * @throws MediaError `bad-state` while joined, `bad-option`, `bad-file`
   */
  play(tone: ToneSpec): Promise<{ audible: boolean }> {
    return this.#ask('play', { id: this.id, tone })
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
      await this.#ask('perform', { id: this.id, performance, tones, times })
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
    return this.#ask('stop', { id: this.id })
  }

  /**
   * Passes RTP and RTCP both ways and ends the tones of both.
   * @throws MediaError `bad-state` where one is joined or has no agreement, `not-acceptable` where they speak
   *   nothing in common
   */
  join(other: Endpoint): Promise<void> {
    return this.#ask('join', { id: this.id, other: other.id })
  }

  unjoin(): Promise<void> {
    return this.#ask('unjoin', { id: this.id })
  }

  counters(): Promise<EndpointCounters> {
    return this.#ask('counters', { id: this.id })
  }

  /** Resolves when its ports are free, or at once where it has ended before. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#onClosed()
    this.#endPerformances('stopped')
    try {
      await this.#ask('remove', { id: this.id })
    } catch (error) {
      // The engine took the endpoint with it: that is closed too.
      if (!(error instanceof MediaError && error.code === 'engine-lost')) throw error
    }
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
