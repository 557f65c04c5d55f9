/** Something that was waited for did not happen in time, or cannot happen any more. */
export class WaitError extends Error {
  override readonly name = 'WaitError'
}

interface Waiter<T> {
  readonly matches: (value: T) => boolean
  readonly resolve: (value: T) => void
  readonly reject: (error: WaitError) => void
}

/** Those who wait for a value, each with a predicate and a deadline. */
export class Waiters<T> {
  readonly #waiting = new Set<Waiter<T>>()

  /**
   * Rejects with WaitError after `deadlineMs`, or when the source closes. `what` names the thing in that error.
   * `progress` may add what had happened until then.
   */
  wait(
    what: string,
    deadlineMs: number,
    matches: (value: T) => boolean,
    progress: () => string = () => '',
  ): Promise<T> {
    const waited = new Promise<T>((resolve, reject) => {
      const waiter: Waiter<T> = {
        matches,
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
      }
      const timer = setTimeout(
        () => waiter.reject(new WaitError(`no ${what} within ${deadlineMs} ms${progress()}`)),
        deadlineMs,
      )
      const settle = (how: () => void): void => {
        clearTimeout(timer)
        this.#waiting.delete(waiter)
        how()
      }
      this.#waiting.add(waiter)
    })
    // Who awaits it still gets the error; who lost interest must not bring the process down with it.
    waited.catch(() => undefined)
    return waited
  }

  /** Settles every waiter that the value suits. */
  notifyAll(value: T): void {
    for (const waiter of [...this.#waiting]) if (waiter.matches(value)) waiter.resolve(value)
  }

  /** Settles the oldest waiter that the value suits; false where there is none. */
  notifyOne(value: T): boolean {
    for (const waiter of this.#waiting) {
      if (!waiter.matches(value)) continue
      waiter.resolve(value)
      return true
    }
    return false
  }

  /** Nothing more will come: rejects all who wait. */
  abandon(why: string): void {
    for (const waiter of [...this.#waiting]) waiter.reject(new WaitError(why))
  }
}

/** A queue whose entries are each taken once, by whoever asks first for what suits them. */
export class Inbox<T> {
  #unread: T[] = []
  readonly #waiters = new Waiters<T>()

  deliver(value: T): void {
    if (!this.#waiters.notifyOne(value)) this.#unread.push(value)
  }

  /** The oldest unread entry that matches, now or when it comes. Rejects with WaitError after `deadlineMs`. */
  next(what: string, deadlineMs: number, matches: (value: T) => boolean = () => true): Promise<T> {
    const index = this.#unread.findIndex(matches)
    const [found] = index < 0 ? [] : this.#unread.splice(index, 1)
    if (found !== undefined) return Promise.resolve(found)
    return this.#waiters.wait(what, deadlineMs, matches)
  }

  get unread(): readonly T[] {
    return this.#unread
  }

  close(why: string): void {
    this.#unread = []
    this.#waiters.abandon(why)
  }
}

/** A promise that is settled from outside, once. */
export class Deferred<T> {
  readonly promise: Promise<T>
  #settled = false
  readonly #resolve: (value: T) => void
  readonly #reject: (error: Error) => void

  constructor() {
    const { promise, resolve, reject } = withResolvers<T>()
    this.promise = promise
    this.#resolve = resolve
    this.#reject = reject
    // As with Waiters: only who awaits it is told.
    promise.catch(() => undefined)
  }

  get settled(): boolean {
    return this.#settled
  }

  resolve(value: T): void {
    this.#settled = true
    this.#resolve(value)
  }

  reject(error: Error): void {
    this.#settled = true
    this.#reject(error)
  }
}

function withResolvers<T>(): {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (error: Error) => void
} {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
