import type { Log } from '../../ports/log.js'
import { Ear, type EarLimits, type Hearing } from './ear.js'
import { Pause, type Retry } from './pause.js'

export interface WatchLimits extends EarLimits {
  readonly retry: Retry
}

/** Hears what other nodes write, over one connection after the other. */
export class Watch {
  #ear: Ear | undefined
  #connecting: Promise<void> = Promise.resolve()
  #closed = false
  readonly #pause: Pause
  readonly #hearing: Hearing
  readonly #sooner = new Set<string>()

  private constructor(
    private readonly url: string,
    sender: string,
    hear: (body: string) => void,
    private readonly limits: WatchLimits,
    private readonly log: Log,
  ) {
    this.#pause = new Pause(limits.retry)
    this.#hearing = { sender, sooner: this.#sooner, position: null, cleanedAt: -Infinity, hear }
  }

  /** Resolves when everything that is written from now on will be heard. Rejects where the database does not answer. */
  static async open(
    url: string,
    sender: string,
    hear: (body: string) => void,
    limits: WatchLimits,
    log: Log,
  ): Promise<Watch> {
    const watch = new Watch(url, sender, hear, limits, log)
    await watch.#connect()
    return watch
  }

  /** What this one writes comes another way as well, and sooner. */
  heardSooner(sender: string): void {
    this.#sooner.add(sender)
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#pause.end()
    await this.#connecting
    await this.#ear?.close()
  }

  async #connect(): Promise<void> {
    this.#ear = await Ear.open(this.url, this.#hearing, this.limits, (error) => this.#lost(error))
  }

  #lost(error: unknown): void {
    if (this.#closed) return
    this.log.warn({ err: error }, 'the bus has lost the database: other nodes are not heard')
    this.#connecting = this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    for (;;) {
      await this.#pause.wait()
      if (this.#closed) return
      try {
        await this.#connect()
        this.#pause.reset()
        this.log.info({}, 'the bus is back: other nodes are heard again')
        return
      } catch (error) {
        this.log.debug({ err: error }, 'the bus cannot reach the database')
      }
    }
  }
}
