import type { MediaEndpoint } from './endpoint.js'
import { MediaError } from './errors.js'
import { ToneLibrary } from './tones/library.js'
import { Loop, Sequence, type PlaybackEnd } from './tones/playback.js'
import { FrameScheduler, type TimerSource } from './tones/scheduler.js'
import type { Tone } from './tones/tone.js'
import type { ToneSpec } from './types.js'

/** What endpoints are played: makes the sounds, keeps their pace, tells of their end. */
export class Player {
  readonly #tones = new ToneLibrary()
  readonly #scheduler: FrameScheduler
  /** Who waits for sounds to be made, and for which: a later wish wins. */
  readonly #wishes = new WeakMap<MediaEndpoint, object>()

  constructor(timers: TimerSource) {
    this.#scheduler = new FrameScheduler(timers)
  }

  /** Endpoints that are played something. */
  get size(): number {
    return this.#scheduler.size
  }

  get timers(): number {
    return this.#scheduler.timers
  }

  /** Over and over. @throws MediaError `bad-state` for a joined endpoint, `bad-option`, `bad-file` */
  async play(endpoint: MediaEndpoint, spec: ToneSpec): Promise<void> {
    const [tone] = (await this.#prepare(endpoint, [spec])) ?? []
    if (tone) this.#loop(endpoint, tone)
  }

  /** As `play`, of what is no file: it has begun when this returns. */
  playTone(endpoint: MediaEndpoint, spec: ToneSpec): void {
    const tone = this.#tones.atOnce(spec)
    if (!tone) throw new MediaError('internal', `${spec.kind} cannot be had at once`)
    this.#wishes.delete(endpoint)
    this.#loop(endpoint, tone)
  }

  #loop(endpoint: MediaEndpoint, tone: Tone): void {
    endpoint.play(new Loop(tone), () => undefined)
    this.#scheduler.add(endpoint)
  }

  /**
   * To their end, which `over` is told of; it is not called where this throws, and what is played goes on then.
   * @throws MediaError `bad-state`, `not-acceptable` where the peer's codec cannot be played here, `bad-option`,
   *   `bad-file`
   */
  async perform(
    endpoint: MediaEndpoint,
    { tones: specs, times }: { tones: readonly ToneSpec[]; times: number },
    over: (how: PlaybackEnd) => void,
  ): Promise<void> {
    if (!Number.isInteger(times) || times < 1) throw new MediaError('bad-option', 'performed once or more')
    const tones = await this.#prepare(endpoint, specs)
    if (!tones) {
      over('stopped')
      return
    }
    if (endpoint.agreement && endpoint.sender.law === undefined) {
      throw new MediaError('not-acceptable', `in ${endpoint.codec} nothing can be played`)
    }
    endpoint.play(new Sequence(tones, times), (how) => {
      if (how === 'finished') this.#scheduler.remove(endpoint)
      over(how)
    })
    this.#scheduler.add(endpoint)
  }

  /** Ends what is played, and what is about to be. */
  silence(endpoint: MediaEndpoint): void {
    this.#wishes.delete(endpoint)
    this.#scheduler.remove(endpoint)
    endpoint.stop()
  }

  /** @returns undefined where something else was wanted while the sounds were made */
  async #prepare(endpoint: MediaEndpoint, specs: readonly ToneSpec[]): Promise<readonly Tone[] | undefined> {
    if (endpoint.peer) throw new MediaError('bad-state', 'a joined endpoint hears the other one')
    const wish = {}
    this.#wishes.set(endpoint, wish)
    try {
      const tones = await Promise.all(specs.map((spec) => this.#tones.get(spec)))
      return this.#wishes.get(endpoint) === wish ? tones : undefined
    } finally {
      if (this.#wishes.get(endpoint) === wish) this.#wishes.delete(endpoint)
    }
  }
}
