import { expect, it } from 'vitest'
import { crossingsOf } from '../../bench/cluster/crossings.js'
import { ceilingOf, rowOf, scalingTable } from '../../bench/cluster/report.js'

const registered = (worker: number, phone: number, registered = 1) => ({
  ...{ level: 'info', msg: 'REGISTER accepted', worker, registered },
  to: `<sip:${String(phone)}@example.net>`,
})
const ended = (worker: number, call: number, phone: number) => ({
  ...{ level: 'info', msg: 'call ended', worker, from: `caller${String(call)}`, to: String(phone) },
})

it('tells from the log which calls met their REGISTER on another worker', () => {
  const crossings = crossingsOf([
    registered(1, 1_000_000),
    registered(2, 1_000_001),
    ended(1, 0, 1_000_000),
    // The phone goes to sleep: that wakes no call.
    registered(1, 1_000_001, 0),
    ended(1, 1, 1_000_001),
    registered(1, 1_000_000),
    ended(2, 2, 1_000_000),
    // Of a REGISTER that was before the log began.
    ended(2, 3, 1_000_009),
  ])
  expect([...crossings]).toEqual([
    [0, 'same'],
    [1, 'other'],
    [2, 'other'],
  ])
})

it('takes the busiest process for what bounds the rate, the parent included', () => {
  expect(ceilingOf({ parentMs: 1, workersMs: [4, 5] })).toBe(200)
  expect(ceilingOf({ parentMs: 8, workersMs: [4, 5] })).toBe(125)
  expect(ceilingOf({ parentMs: 10, workersMs: [] })).toBe(100)
})

it('compares each row with one worker', () => {
  const round = {
    ...{ calls: 10, completed: 10, lateMs: 0, failures: {}, parentMs: 1, databaseMs: 1, generatorMs: 1 },
    ...{ same: [1], other: [3], added: [1, 3] },
  }
  const rows = [
    rowOf([{ ...round, workers: 1, workersMs: [8] }]),
    rowOf([
      { ...round, workers: 2, workersMs: [4, 3] },
      { ...round, workers: 2, workersMs: [4, 5] },
    ]),
  ]
  const ratios = scalingTable(rows)
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').at(-4)?.trim())
  // 125 calls/s for one; 250 and 200 for two.
  expect(ratios).toEqual(['1.00', '1.80'])
})
