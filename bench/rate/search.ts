/** How one rate went. */
export interface Trial {
  readonly rate: number
  readonly fine: boolean
}

/**
 * The highest rate that goes well: by doubling from `first` on, or halving where that is too much already, and then
 * by bisection until two rates are closer than `closeness` of the lower one. 0 where not even 1 a second goes well.
 *
 * @param most where doubling ends
 */
export async function highestRate<T extends Trial>(
  first: number,
  most: number,
  closeness: number,
  play: (rate: number) => Promise<T>,
): Promise<{ readonly best: T | undefined; readonly trials: readonly T[] }> {
  const trials: T[] = []
  let best: T | undefined
  let tooMuch = Infinity
  let rate = first
  while (rate >= 1 && rate <= most) {
    const trial = await play(rate)
    trials.push(trial)
    if (trial.fine) best = trial
    else tooMuch = rate
    const good = best?.rate ?? 0
    if (good > 0 && tooMuch - good <= good * closeness) break
    rate =
      tooMuch === Infinity
        ? good * 2
        : good === 0
          ? Math.floor(tooMuch / 2)
          : Math.round((good + tooMuch) / 2)
    if (rate === good || rate === tooMuch) break
  }
  return { best, trials }
}
