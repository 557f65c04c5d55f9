import { expect, it } from 'vitest'
import { mergeExpositions } from '../../src/compose/workers/exposition.js'

it('names each family once, and labels each sample with its worker', () => {
  const text = (n: number): string =>
    [
      '# HELP calls_total Calls that ended.',
      '# TYPE calls_total counter',
      `calls_total{cause="a b {c}"} ${String(n)}`,
      '',
      '# HELP wait_seconds Time.',
      '# TYPE wait_seconds histogram',
      'wait_seconds_bucket{le="+Inf"} 1',
      'wait_seconds_sum 0.5',
      'empty{} 1',
      '',
    ].join('\n')
  const merged = mergeExpositions([
    { worker: '1', text: text(1) },
    { worker: '2', text: text(2) },
  ])
  expect(merged.split('\n')).toEqual([
    '# HELP calls_total Calls that ended.',
    '# TYPE calls_total counter',
    'calls_total{worker="1",cause="a b {c}"} 1',
    'calls_total{worker="2",cause="a b {c}"} 2',
    '# HELP wait_seconds Time.',
    '# TYPE wait_seconds histogram',
    'wait_seconds_bucket{worker="1",le="+Inf"} 1',
    'wait_seconds_sum{worker="1"} 0.5',
    'empty{worker="1"} 1',
    'wait_seconds_bucket{worker="2",le="+Inf"} 1',
    'wait_seconds_sum{worker="2"} 0.5',
    'empty{worker="2"} 1',
    '',
  ])
})
