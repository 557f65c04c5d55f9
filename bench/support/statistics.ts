/** Of samples in one unit, which is theirs. NaN where there are none. */
export interface Spread {
  readonly min: number
  readonly p50: number
  readonly p90: number
  readonly max: number
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b)
  return {
    min: quantile(sorted, 0),
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    max: quantile(sorted, 1),
  }
}

/** Between two samples, the way between them; `sorted` ascends. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  if (low === undefined || high === undefined) return NaN
  return low + (high - low) * (at - Math.floor(at))
}
