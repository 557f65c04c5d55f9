import { describe, expect, it } from 'vitest'
import { delayMs } from '../../src/wake/backoff.js'

const backoff = { firstMs: 100, maxMs: 1000 }

describe('the delay before another push', () => {
  it('doubles with each attempt up to the bound', () => {
    const delays = [1, 2, 3, 4, 5, 6, 50].map((attempt) => delayMs(backoff, attempt, undefined, 0))
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000, 1000])
  })

  it('is never shorter than the service asked for, and longer where the backoff is', () => {
    expect(delayMs(backoff, 1, 2500, 0)).toBe(2500)
    expect(delayMs(backoff, 4, 300, 0)).toBe(800)
    expect(delayMs(backoff, 1, 0, 0)).toBe(100)
  })

  it('spreads by up to a quarter, upwards only', () => {
    expect(delayMs(backoff, 1, 2000, 0.5)).toBe(2250)
    expect(delayMs(backoff, 3, undefined, 0.999)).toBe(500)
  })
})
