import { expect, test } from 'vitest'
import { CallTimers } from '../../src/runtime/timers.js'
import { FakeClock } from '../support/fake-clock.js'

function timers(clock: Pick<FakeClock, 'now' | 'after'> = new FakeClock()) {
  const fired: string[] = []
  const all: CallTimers = new CallTimers(clock, (id) => {
    fired.push(id)
    if (id === 'stops-b#1') all.stop('b#1')
    if (id === 'again#1') all.start('again#2', 50)
  })
  return { all, fired }
}

test('each timer of a call fires once, when it is due, whichever was started first', () => {
  const clock = new FakeClock()
  const { all, fired } = timers(clock)
  all.start('hold#1', 30_000)
  all.start('grace#2', 300)
  all.start('reassure#3', 60_000)
  expect(all.open).toBe(3)
  clock.advance(299)
  expect(fired).toEqual([])
  clock.advance(1)
  expect(fired).toEqual(['grace#2'])
  clock.advance(29_699)
  expect(fired).toEqual(['grace#2'])
  clock.advance(1)
  expect(fired).toEqual(['grace#2', 'hold#1'])
  clock.advance(100_000)
  expect(fired).toEqual(['grace#2', 'hold#1', 'reassure#3'])
  expect(all.open).toBe(0)
})

test('a timer that was stopped does not fire, and holds none of the others up', () => {
  const clock = new FakeClock()
  const { all, fired } = timers(clock)
  all.start('grace#1', 300)
  all.start('hold#2', 1_000)
  all.stop('grace#1')
  all.stop('never-started#9')
  clock.advance(999)
  expect(fired).toEqual([])
  clock.advance(1)
  expect(fired).toEqual(['hold#2'])
})

test('of two that are due at once the first may stop the second, or start another', () => {
  const clock = new FakeClock()
  const { all, fired } = timers(clock)
  all.start('stops-b#1', 100)
  all.start('b#1', 100)
  all.start('again#1', 100)
  clock.advance(100)
  expect(fired).toEqual(['stops-b#1', 'again#1'])
  clock.advance(50)
  expect(fired).toEqual(['stops-b#1', 'again#1', 'again#2'])
})

test('a clock that calls a little early is asked again', () => {
  const clock = new FakeClock()
  const { all, fired } = timers({
    now: () => clock.now(),
    after: (ms, callback) => clock.after(Math.max(1, ms - 1), callback),
  })
  all.start('hold#1', 1_000)
  clock.advance(999)
  expect(fired).toEqual([])
  clock.advance(1)
  expect(fired).toEqual(['hold#1'])
})

test('no timer of the clock is left once all are stopped', () => {
  const running = new Set<() => void>()
  const { all } = timers({
    now: () => 0,
    after: (_ms, callback) => {
      running.add(callback)
      return () => running.delete(callback)
    },
  })
  all.start('hold#1', 30_000)
  all.start('grace#2', 300)
  all.start('reassure#3', 60_000)
  expect(running.size).toBe(1)
  all.stop('grace#2')
  all.stopAll()
  expect([running.size, all.open]).toEqual([0, 0])
  expect(all.deadline('hold')).toBe(0)
})
