import { describe, expect, it } from 'vitest'
import { withPart } from '../../bench/support/results.js'
import { spreadOf } from '../../bench/support/statistics.js'
import { markdownTable } from '../../bench/support/table.js'

describe('the results of benchmarks', () => {
  it('a run replaces its own part, and leaves those of the others', () => {
    const first = withPart(withPart('# Results\n', 'setup', 'old'), 'rate', 'fast')
    const second = withPart(first, 'setup', 'new')
    expect(second).toBe(
      [
        '# Results',
        '<!-- bench:setup -->',
        'new',
        '<!-- /bench:setup -->',
        '<!-- bench:rate -->',
        'fast',
        '<!-- /bench:rate -->\n',
      ].join('\n\n'),
    )
  })

  it('a spread is of the samples, whatever their order, and of none where there are none', () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ min: 1, p50: 2.5, p90: expect.closeTo(3.7) as number, max: 4 })
    expect(spreadOf([7])).toEqual({ min: 7, p50: 7, p90: 7, max: 7 })
    expect(spreadOf([]).p50).toBeNaN()
  })

  it('a table has its numbers flush right', () => {
    expect(
      markdownTable(
        ['way', 'ms'],
        [
          ['a', '1.5'],
          ['long', '–'],
          ['b', '10.25'],
        ],
      ),
    ).toBe(
      [
        '| way  |    ms |', //
        '| ---- | ----: |',
        '| a    |   1.5 |',
        '| long |     – |',
        '| b    | 10.25 |',
      ].join('\n'),
    )
  })
})
