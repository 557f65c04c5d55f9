const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

export type DurationUnit = keyof typeof UNITS

/**
 * `300ms`, `30s`, `5m`, `1h`, `1d`, `1.5h`, or a plain number of `unit`.
 *
 * @returns whole milliseconds, or undefined where the text is no duration
 */
export function parseDuration(text: string, unit: DurationUnit): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(text)
  if (match === null) return undefined
  return Math.round(Number(match[1]) * UNITS[(match[2] as DurationUnit | undefined) ?? unit])
}
