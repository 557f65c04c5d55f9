import { expect, test } from 'vitest'
import { Recent } from '../../src/runtime/recent.js'

let now = 0
const clock = { now: () => now }

test('what is remembered is found until its time is over, and taken once', () => {
  const recent = new Recent<string>(clock, 1_000, 10)
  recent.remember('a', 'one')
  now += 999_999
  expect(recent.find('a')).toBe('one')
  recent.remember('b', 'two')
  now += 1
  expect(recent.find('a')).toBeUndefined()
  expect([recent.take('b'), recent.take('b')]).toEqual(['two', undefined])
})

test('of too many the oldest are forgotten; one that comes again is new', () => {
  const recent = new Recent<number>(clock, 1_000, 2)
  for (const [n, id] of ['a', 'b', 'a', 'c'].entries()) recent.remember(id, n)
  expect(['a', 'b', 'c'].map((id) => recent.find(id))).toEqual([2, undefined, 3])
})
