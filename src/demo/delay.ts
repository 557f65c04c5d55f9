/**
 * A timer of Node's is due in whole milliseconds, counted from when its turn of the event loop began, and fires up to
 * some milliseconds late: so it is set to ring this much early, and the rest is spent looking at the clock, ms.
 */
const SPIN_MS = 1.5

interface Waiting {
  readonly due: number
  readonly effect: () => void
}

/** Runs effects at their time, in the order of their times; those of equal times as they were asked for. */
class PreciseTimer {
  /** Sorted by due time. */
  readonly #queue: Waiting[] = []
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined

  add(due: number, effect: () => void): () => void {
    const entry = { due, effect }
    const after = this.#queue.findLastIndex((other) => other.due <= due)
    this.#queue.splice(after + 1, 0, entry)
    if (after < 0) this.#arm()
    return () => this.#remove(entry)
  }

  #remove(entry: Waiting): void {
    const index = this.#queue.indexOf(entry)
    if (index >= 0) this.#queue.splice(index, 1)
    if (this.#queue.length === 0) this.#disarm()
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#timer = this.#immediate = undefined
  }

  #arm(): void {
    this.#disarm()
    const [first] = this.#queue
    if (first === undefined) return
    const rest = Math.floor(first.due - performance.now() - SPIN_MS)
    if (rest >= 1) this.#timer = setTimeout(() => this.#look(), rest)
    else this.#immediate = setImmediate(() => this.#look())
  }

  /** An effect may throw: the others wait on all the same. */
  #look(): void {
    try {
      for (;;) {
        const [first] = this.#queue
        if (first === undefined || first.due > performance.now()) return
        this.#queue.shift()
        first.effect()
      }
    } finally {
      this.#arm()
    }
  }
}

const timer = new PreciseTimer()

/**
 * Runs the effect once `delayMs` milliseconds have passed: never before, and within a few microseconds after where the
 * process is idle; effects of equal delays in the order in which they were asked for, as on a wire. What is late by
 * the process being busy cannot be helped. The returned function takes it back.
 */
export function afterExactly(delayMs: number, effect: () => void): () => void {
  return timer.add(performance.now() + delayMs, effect)
}

/** Effects that wait for their time, so that all of them can be taken back when what they belong to closes. */
export class Delays {
  readonly #waiting = new Set<() => void>()

  /** How many wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** At once where there is no delay. */
  after(delayMs: number, effect: () => void): void {
    if (delayMs <= 0) return effect()
    const cancel = afterExactly(delayMs, () => {
      this.#waiting.delete(cancel)
      effect()
    })
    this.#waiting.add(cancel)
  }

  /** None of those that wait will run. */
  clear(): void {
    for (const cancel of this.#waiting) cancel()
    this.#waiting.clear()
  }
}
