const frameMs = 20
/** After a stall longer than this the missed frames are skipped: nobody wants a burst of a second. */
const mostFramesAtOnce = 10

/** One timer for all who send a frame each 20 ms, at the same moments; it runs only while somebody does. */
export class Ticker {
  readonly #senders = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined
  #startedAt = 0
  #frames = 0

  /** The returned function ends it. */
  add(sendFrame: () => void): () => void {
    this.#senders.add(sendFrame)
    if (this.#timer === undefined) {
      this.#startedAt = performance.now()
      this.#frames = 0
      this.#schedule()
    }
    return () => {
      this.#senders.delete(sendFrame)
      if (this.#senders.size > 0) return
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  /** Nobody sends any more. */
  stop(): void {
    this.#senders.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  get running(): boolean {
    return this.#timer !== undefined
  }

  #schedule(): void {
    const due = this.#startedAt + (this.#frames + 1) * frameMs
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, due - performance.now()))
  }

  #tick(): void {
    const elapsed = Math.floor((performance.now() - this.#startedAt) / frameMs)
    const missed = elapsed - this.#frames
    this.#frames = elapsed
    for (let i = 0; i < Math.min(missed, mostFramesAtOnce); i++) {
      for (const sendFrame of [...this.#senders]) sendFrame()
    }
    if (this.#senders.size > 0) this.#schedule()
  }
}

/** Of all who bring none of their own. */
export const ticker = new Ticker()
