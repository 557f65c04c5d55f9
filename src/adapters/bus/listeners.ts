import type { BusMessage } from '../../ports/bus.js'
import type { Log } from '../../ports/log.js'

/** Those who hear the bus in this process. */
export class Listeners {
  readonly #all = new Set<{ readonly hear: (message: BusMessage) => void }>()

  constructor(private readonly log: Log) {}

  /** Returns the function that takes the listener out. */
  add(hear: (message: BusMessage) => void): () => void {
    const listener = { hear }
    this.#all.add(listener)
    return () => {
      this.#all.delete(listener)
    }
  }

  clear(): void {
    this.#all.clear()
  }

  /** Never throws: what goes wrong with one listener is logged, and the others hear the message. */
  tell(message: BusMessage): void {
    for (const listener of [...this.#all]) {
      // It may have been taken out by one that heard the message before it.
      if (!this.#all.has(listener)) continue
      try {
        listener.hear(message)
      } catch (error) {
        this.log.error({ err: error, message: message.type }, 'a listener of the bus failed')
      }
    }
  }
}
