/**
 * Gathers what is to be sent in one turn of the event loop and sends it together, when the turn's promises have run: a
 * message between threads costs some 10 µs, however little is in it.
 */
export class Outbox<T> {
  readonly #send: (items: readonly T[]) => void
  #items: T[] = []

  constructor(send: (items: readonly T[]) => void) {
    this.#send = send
  }

  put(item: T): void {
    this.#items.push(item)
    if (this.#items.length === 1) process.nextTick(() => this.#flush())
  }

  #flush(): void {
    const items = this.#items
    this.#items = []
    this.#send(items)
  }
}
