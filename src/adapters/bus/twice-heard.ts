/** Who sent a message, and its number with that sender, counted from 1. */
export interface Stamp {
  readonly from: string
  readonly n: number
}

interface Known {
  /** The highest number that the sure way has brought. */
  sure: number
  /** Numbers above it that the quick way has brought, ascending. */
  readonly quick: Set<number>
}

/** Numbers that are kept of one sender, and senders that are known: bounds for a sure way that brings nothing. */
const MOST_NUMBERS = 10_000
const MOST_SENDERS = 256

/**
 * Tells which messages are new where each comes by two ways: a quick one that may lose some, and a sure one that brings
 * all of them in the order of their numbers, if late.
 */
export class TwiceHeard {
  readonly #senders = new Map<string, Known>()

  /** Whether the quick way is the first that brings it. */
  isNewByQuick({ from, n }: Stamp): boolean {
    const known = this.#known(from)
    if (n <= known.sure || known.quick.has(n)) return false
    known.quick.add(n)
    if (known.quick.size > MOST_NUMBERS) dropFirst(known.quick)
    return true
  }

  /** Whether the sure way is the first that brings it. */
  isNewBySure({ from, n }: Stamp): boolean {
    const known = this.#known(from)
    const fresh = !known.quick.has(n) && n > known.sure
    known.sure = Math.max(known.sure, n)
    // What lies below, and did not come, will not come any more.
    for (const number of known.quick) {
      if (number > n) break
      known.quick.delete(number)
    }
    return fresh
  }

  #known(from: string): Known {
    const known = this.#senders.get(from)
    if (known !== undefined) return known
    const unknown: Known = { sure: 0, quick: new Set() }
    this.#senders.set(from, unknown)
    if (this.#senders.size > MOST_SENDERS) dropFirst(this.#senders)
    return unknown
  }
}

function dropFirst(kept: { keys(): Iterator<unknown>; delete(key: never): boolean }): void {
  const first = kept.keys().next()
  if (first.done !== true) kept.delete(first.value as never)
}
