/** Numbers from 0 (inclusive) to 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One of them, by their shares, which make 1. */
export function pick<T extends string>(shares: Readonly<Record<T, number>>, random: () => number): T {
  const entries = Object.entries<number>(shares) as [T, number][]
  let left = random()
  for (const [name, share] of entries) {
    left -= share
    if (left < 0) return name
  }
  const last = entries.at(-1)
  if (last === undefined) throw new Error('there is nothing to pick from')
  return last[0]
}
