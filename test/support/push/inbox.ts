/** What a stand-in received, in order, with a way to wait for more of it. */
export class Inbox<T> {
  readonly items: T[] = []
  #waiting: { count: number; resolve: (items: readonly T[]) => void }[] = []

  add(item: T): void {
    this.items.push(item)
    this.#waiting = this.#waiting.filter((waiter) => {
      if (this.items.length < waiter.count) return true
      waiter.resolve(this.items)
      return false
    })
  }

  /** Resolves as soon as `count` have come in, all told; at once where they have already. */
  async atLeast(count: number): Promise<readonly T[]> {
    if (this.items.length >= count) return this.items
    return new Promise((resolve) => this.#waiting.push({ count, resolve }))
  }

  /** The newest; throws where nothing has come in. */
  last(): T {
    const item = this.items.at(-1)
    if (item === undefined) throw new Error('nothing was received')
    return item
  }
}
