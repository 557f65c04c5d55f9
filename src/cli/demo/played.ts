/** What a demo shows of its call. */
export interface Played {
  readonly succeeded: boolean
  /** A ladder, and what it comes to. */
  readonly story: string
  /** The same for programs. */
  readonly summary: object
}

/** Milliseconds to the microsecond. */
export function rounded(stages: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(stages).map(([stage, ms]) => [stage, Math.round(ms * 1000) / 1000]),
  )
}
