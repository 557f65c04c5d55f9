import type { Gather, Performance, SoundRef } from '../call/performance.js'
import type { Clock } from '../ports/clock.js'
import type { MediaEndpoint, Sound } from '../ports/media.js'

/** What came of a performance. */
export interface Performed {
  /** What the caller dialled; empty where nothing was asked. */
  readonly digits: string
  /** The key that ended the dialling, where one did. */
  readonly finishedOn?: string
  /** Nobody stopped it. */
  readonly finished: boolean
  /** Why a sound could not be played. */
  readonly problem?: string
}

/** What a caller hears and dials with nobody else there: one performance, from its beginning to its end. */
export class RunningPerformance {
  private digits = ''
  private stopped = false
  private ended = false
  private problem: string | undefined
  private finishedOn: string | undefined
  private stopWaiting: () => void = () => undefined
  private done: () => void = () => undefined
  private readonly over: Promise<void>

  /** @param country whose tones they are, ISO 3166-1 alpha-2 in lower case */
  constructor(
    private readonly performance: Performance,
    private readonly endpoint: MediaEndpoint,
    private readonly clock: Pick<Clock, 'after'>,
    private readonly country: string,
  ) {
    this.over = new Promise((resolve) => (this.done = resolve))
  }

  /** Resolves when it is over. Rejects with MediaError where the engine is gone. */
  async run(): Promise<Performed> {
    const { performance } = this
    switch (performance.kind) {
      case 'play':
        await this.play(performance.sounds, performance.times)
        this.ended = true
        break
      case 'pause':
        await this.endpoint.play({ kind: 'silence' })
        this.wait(performance.ms)
        await this.over
        break
      case 'gather':
        await this.gather(performance)
        break
      default:
        performance satisfies never
    }
    return this.soFar
  }

  /** What has come of it by now. */
  get soFar(): Performed {
    const { digits, stopped, problem, finishedOn } = this
    return {
      ...{ digits, finished: !stopped },
      ...(finishedOn === undefined ? {} : { finishedOn }),
      ...(problem === undefined ? {} : { problem }),
    }
  }

  /** The caller has pressed a key. */
  digit(digit: string): void {
    const { performance } = this
    if (performance.kind !== 'gather' || this.ended) return
    if (digit === performance.finishOn) {
      this.finishedOn = digit
      return this.finish()
    }
    this.digits += digit
    if (this.digits.length >= performance.maxDigits) return this.finish()
    // Who dials has heard enough.
    if (this.digits.length === 1) this.hush()
    this.wait(performance.timeoutMs)
  }

  /** Does nothing once it is over. */
  stop(): void {
    if (this.ended) return
    this.stopped = true
    this.finish()
  }

  private async gather({ prompts, times, timeoutMs }: Gather): Promise<void> {
    if (prompts.length > 0) await Promise.race([this.play(prompts, times), this.over])
    // A digit that came meanwhile has its own wait.
    if (this.digits === '') this.wait(timeoutMs)
    await this.over
  }

  private async play(sounds: readonly SoundRef[], times: number): Promise<void> {
    try {
      await this.endpoint.perform(
        sounds.map((sound) => soundOf(sound, this.country)),
        { times },
      )
    } catch (error) {
      // A prompt that cannot be played is no reason to lose the caller; an engine that is lost is heard of as such.
      this.problem = error instanceof Error ? error.message : String(error)
    }
  }

  private finish(): void {
    if (this.ended) return
    this.ended = true
    this.stopWaiting()
    this.hush()
    this.done()
  }

  private hush(): void {
    this.endpoint.play({ kind: 'silence' }).catch((error: unknown) => {
      this.problem ??= error instanceof Error ? error.message : String(error)
    })
  }

  private wait(ms: number): void {
    if (this.ended) return
    this.stopWaiting()
    this.stopWaiting = this.clock.after(ms, () => this.finish())
  }
}

function soundOf(sound: SoundRef, country: string): Sound {
  return sound.kind === 'file' ? sound : { kind: sound.name, country }
}
