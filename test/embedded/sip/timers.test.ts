import { describe, expect, test } from 'vitest'
import { TimerSet } from '../../../src/embedded/sip/timer-set.js'
import { TimerWheel, WheelEntry } from '../../../src/embedded/sip/timer-wheel.js'

class Entry extends WheelEntry {
  firedAt: number | undefined

  constructor(
    private readonly clock: { now: number },
    private readonly then: () => void = () => undefined,
  ) {
    super()
  }

  override expired(): void {
    expect(this.firedAt).toBeUndefined()
    this.firedAt = this.clock.now
    this.then()
  }
}

function fault(error: unknown): never {
  throw error
}

/** Random numbers that are the same each time (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Advances tick by tick of those that matter, so that entries learn when they fired. */
function advance(wheel: TimerWheel, clock: { now: number }, to: number): void {
  for (let next = wheel.nextTick(); next !== undefined && next <= to; next = wheel.nextTick()) {
    clock.now = next
    wheel.advance(next, fault)
  }
  clock.now = to
  wheel.advance(to, fault)
}

describe('a timer wheel', () => {
  test.each([1, 2, 3, 4, 5])('tells every entry at its very tick, however they come and go (%i)', (seed) => {
    const random = randomFrom(seed)
    const clock = { now: 0 }
    const wheel = new TimerWheel()
    const all: { entry: Entry; due: number; removed: boolean }[] = []
    for (let step = 0; step < 150; step++) {
      for (let i = 0; i < 5; i++) {
        const due = clock.now + 1 + Math.floor(2 ** (random() * 34))
        const entry = new Entry(clock)
        wheel.add(entry, due)
        all.push({ entry, due, removed: false })
      }
      const one = all[Math.floor(random() * all.length)]
      if (one && one.entry.firedAt === undefined) {
        wheel.remove(one.entry)
        one.removed = true
      }
      advance(wheel, clock, clock.now + Math.floor(2 ** (random() * 12)))
      const waiting = all.filter(({ removed, due }) => !removed && due > clock.now)
      expect(wheel.size).toBe(waiting.length)
    }
    advance(wheel, clock, clock.now + 2 ** 35)
    expect(wheel.size).toBe(0)
    expect(wheel.nextTick()).toBeUndefined()
    for (const { entry, due, removed } of all) expect(entry.firedAt).toBe(removed ? undefined : due)
  })

  test('tells entries in the order of their ticks after a long pause', () => {
    const wheel = new TimerWheel()
    const told: number[] = []
    for (const due of [70_000, 3, 900, 64, 65, 4096, 1]) {
      wheel.add(new Entry({ now: 0 }, () => told.push(due)), due)
    }
    wheel.advance(100_000, fault)
    expect(told).toEqual([1, 3, 64, 65, 900, 4096, 70_000])
  })

  test('an entry may remove others that are due with it, and come again', () => {
    const clock = { now: 0 }
    const wheel = new TimerWheel()
    const other = new Entry(clock)
    const again = new Entry(clock)
    wheel.add(
      new Entry(clock, () => {
        wheel.remove(other)
        wheel.add(again, 0)
      }),
      5,
    )
    wheel.add(other, 5)
    advance(wheel, clock, 5)
    expect([other.firedAt, again.firedAt]).toEqual([undefined, undefined])
    expect(wheel.size).toBe(1)
    advance(wheel, clock, 6)
    expect(again.firedAt).toBe(6)
  })

  test('cleared, it is empty and can be filled again', () => {
    const clock = { now: 0 }
    const wheel = new TimerWheel()
    const old = new Entry(clock)
    wheel.add(old, 5_000)
    wheel.clear()
    wheel.remove(old)
    expect([wheel.size, wheel.nextTick()]).toEqual([0, undefined])
    wheel.add(old, 7)
    advance(wheel, clock, 10)
    expect(old.firedAt).toBe(7)
  })
})

describe('the timers of a server', () => {
  const set = (faults: unknown[] = []) => new TimerSet((error) => faults.push(error))
  const fired = (timers: TimerSet, ms: number) =>
    new Promise<number>((resolve) => {
      const begun = performance.now()
      timers.start(ms, () => resolve(performance.now() - begun))
    })

  test('never fire early, and do not hold up each other', async () => {
    const timers = set()
    const lengths = [0, 1, 9, 10, 11, 25, 60, 5, 33]
    const took = await Promise.all(lengths.map((ms) => fired(timers, ms)))
    took.forEach((ms, index) => expect(ms).toBeGreaterThanOrEqual(lengths[index] ?? NaN))
    expect(timers.size).toBe(0)
  })

  test('a short one that is started after a long one fires first', async () => {
    const timers = set()
    const long = timers.start(60_000, () => undefined)
    await fired(timers, 20)
    expect(timers.size).toBe(1)
    long.stop()
    long.stop()
    expect(timers.size).toBe(0)
  })

  test('one that was stopped does not fire, and the rest do', async () => {
    const timers = set()
    const told: string[] = []
    const stopped = timers.start(10, () => told.push('stopped'))
    const later = fired(timers, 30)
    stopped.stop()
    await later
    expect(told).toEqual([])
  })

  test('what a timer throws is reported, and others fire all the same', async () => {
    const faults: unknown[] = []
    const timers = set(faults)
    timers.start(1, () => {
      throw new Error('broken')
    })
    await fired(timers, 1)
    await fired(timers, 10)
    expect(faults).toEqual([new Error('broken')])
  })

  test('none fires once all were stopped, and none can be started', async () => {
    const timers = set()
    const told: string[] = []
    timers.start(5, () => {
      told.push('first')
      timers.stopAll()
      timers.start(1, () => told.push('new'))
    })
    timers.start(5, () => told.push('second'))
    await fired(set(), 60)
    expect(told).toEqual(['first'])
    expect(timers.size).toBe(0)
  })
})
