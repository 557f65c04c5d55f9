import { describe, expect, it } from 'vitest'
import { highestRate, type Trial } from '../../bench/rate/search.js'

/** A server that takes so many calls a second. */
async function search(takes: number, first = 50): Promise<{ best: number; rates: number[] }> {
  const play = (rate: number): Promise<Trial> => Promise.resolve({ rate, fine: rate <= takes })
  const { best, trials } = await highestRate(first, 10_000, 0.1, play)
  return { best: best?.rate ?? 0, rates: trials.map(({ rate }) => rate) }
}

describe('the search for the highest rate', () => {
  it('doubles until a rate is too much, and halves what lies between', async () => {
    expect(await search(330)).toEqual({ best: 325, rates: [50, 100, 200, 400, 300, 350, 325] })
  })

  it('comes down where the first rate is too much already', async () => {
    const { best, rates } = await search(9)
    expect(rates.slice(0, 4)).toEqual([50, 25, 12, 6])
    expect(best).toBe(9)
  })

  it('ends where nothing is too much, and where everything is', async () => {
    expect((await search(Infinity)).best).toBe(6400)
    expect(await search(0)).toEqual({ best: 0, rates: [50, 25, 12, 6, 3, 1] })
  })
})
