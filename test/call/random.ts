/** Picks a number from 0 to below `n`. */
export type Choose = (n: number) => number

/** The same choices for the same seed (xorshift32). */
export function seeded(seed: number): Choose {
  let x = (seed * 7919) | 0
  return (n) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % n
  }
}

/** These choices, over and over. */
export function cycled(choices: readonly number[]): Choose {
  let at = 0
  return (n) => (choices[at++ % choices.length] ?? 0) % n
}

export function pick<T>(choose: Choose, options: readonly T[]): T {
  return options[choose(options.length)] as T
}
