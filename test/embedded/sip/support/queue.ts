/** Things that arrive, to be awaited one by one. */
export class Queue<T> {
  private readonly items: T[] = []
  private readonly waiting: ((item: T) => void)[] = []
  /** How many have ever arrived. */
  total = 0

  push(item: T): void {
    this.total++
    const next = this.waiting.shift()
    if (next) next(item)
    else this.items.push(item)
  }

  next(): Promise<T> {
    const item = this.items.shift()
    return item === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(item)
  }
}
