/** In milliseconds, and in questions that stay without an answer. */
export interface WatchTimes {
  readonly everyMs: number
  readonly most: number
}

/** An event loop that stands for so long does not come back, and its calls hear nothing of it. */
const TIMES: WatchTimes = { everyMs: 3_000, most: 5 }

export interface SilenceWatchOptions {
  readonly ask: () => void
  /** Called once, with the time that it was silent for. */
  readonly silent: (ms: number) => void
  readonly times?: WatchTimes
}

/**
 * Asks again and again whether another process lives. Counts questions, and not time: where this process stood as well,
 * nobody is silent for it.
 * ```
 *  idle --begin--> watching --as many questions without an answer--> silent
 *    ^----------------+----------------------------end-------------------+
 * ```
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions
  #timer: NodeJS.Timeout | undefined
  #open = 0

  constructor(options: SilenceWatchOptions) {
    this.#options = options
  }

  /** Whether no question but the last is open. */
  get answers(): boolean {
    return this.#open <= 1
  }

  begin(): void {
    const { everyMs } = this.#options.times ?? TIMES
    this.#timer ??= setInterval(() => this.#look(), everyMs)
  }

  /** Anything that it says is an answer. */
  heard(): void {
    this.#open = 0
  }

  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    const { ask, silent, times = TIMES } = this.#options
    if (this.#open >= times.most) {
      this.end()
      silent(this.#open * times.everyMs)
      return
    }
    this.#open += 1
    ask()
  }
}
