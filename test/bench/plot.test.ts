import { describe, expect, it } from 'vitest'
import { plot } from '../../bench/support/plot.js'

const options = { title: 'Latency', x: 'calls/s', y: 'ms' } as const

function dotsOf(svg: string): number[][] {
  return [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)])
}

describe('a plot', () => {
  it('has larger values further to the right and further up', () => {
    const points = [
      [10, 1],
      [20, 3],
      [40, 9],
    ] as const
    const dots = dotsOf(plot([{ title: 'a', points }], options))
    expect(dots).toHaveLength(3)
    const [xs, ys] = [dots.map(([x]) => x), dots.map(([, y]) => y)]
    expect(xs).toEqual([...xs].sort((a = 0, b = 0) => a - b))
    expect(ys).toEqual([...ys].sort((a = 0, b = 0) => b - a))
  })

  it('has equal ratios equally far apart on axes of powers of ten', () => {
    const points = [
      [1, 5],
      [10, 5],
      [100, 5],
    ] as const
    const [a = [], b = [], c = []] = dotsOf(plot([{ title: 'a', points }], { ...options, logX: true }))
    expect((b[0] ?? 0) - (a[0] ?? 0)).toBeCloseTo((c[0] ?? 0) - (b[0] ?? 0), 0)
  })

  it('leaves out what cannot be shown, and shows nothing where there is nothing', () => {
    const points = [
      [0, 1],
      [1, NaN],
      [2, 3],
    ] as const
    expect(dotsOf(plot([{ title: 'a', points }], { ...options, logX: true }))).toHaveLength(1)
    const empty = plot([], options)
    expect(empty).not.toContain('NaN')
    expect(dotsOf(empty)).toEqual([])
  })

  it('names curves and axes in text that is none of SVG', () => {
    const svg = plot([{ title: 'a < b & c', points: [[1, 1]] }], { ...options, limit: 50 })
    expect(svg).toContain('a &lt; b &amp; c')
    expect(svg).toContain('>calls/s</text>')
    expect(svg).toContain('stroke-dasharray')
  })
})
