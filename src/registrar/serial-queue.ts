/** Runs work one at a time a key, in the order of asking; work with several keys waits for all of them. */
export class SerialQueue {
  readonly #tails = new Map<string, { last: Promise<void>; waiting: number }>()

  /** Keys that have work; no key is remembered without. */
  get size(): number {
    return this.#tails.size
  }

  /** How much work of this key is under way or waiting. */
  depth(key: string): number {
    return this.#tails.get(key)?.waiting ?? 0
  }

  /** Settles as `work` does. Every key is queued for at once, so two pieces of work can never wait for each other. */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const own = [...new Set(keys)]
    const before = own.map((key) => this.#tails.get(key)?.last ?? Promise.resolve())
    const result = Promise.all(before).then(work)
    // A failure is the asker's to handle; those behind only wait for its end.
    const done = result.then(
      () => undefined,
      () => undefined,
    )
    for (const key of own) this.#tails.set(key, { last: done, waiting: this.depth(key) + 1 })
    try {
      return await result
    } finally {
      for (const key of own) this.#leave(key)
    }
  }

  #leave(key: string): void {
    const tail = this.#tails.get(key)
    if (!tail) return
    tail.waiting--
    if (tail.waiting === 0) this.#tails.delete(key)
  }
}
