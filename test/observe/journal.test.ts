import { beforeEach, describe, expect, it } from 'vitest'
import { ending } from '../../src/call/ending.js'
import { createJournal } from '../../src/observe/journal.js'
import type { Journal, JournalLimits } from '../../src/observe/journal.js'
import type { Log } from '../../src/ports/log.js'
import { StoreUnavailable } from '../../src/ports/store.js'
import type { CallEventRecord, CallRecord, CallStore } from '../../src/ports/store.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'

function call(id: string, more: Partial<CallRecord> = {}): CallRecord {
  const open = {
    startedAt: 1,
    answeredAt: null,
    endedAt: null,
    trunk: 't',
    client: null,
    from: 'a',
    to: 'b',
    user: 'u',
  }
  return { id, ...open, ending: null, ...more }
}

function ended(id: string): CallRecord {
  return call(id, { endedAt: 9, ending: ending('hung-up', 'caller') })
}

function event(callId: string, seq: number): CallEventRecord {
  return { callId, seq, at: seq, type: 'invited', data: null }
}

/** Everything that is ready to run has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('the journal', () => {
  let store: FakeStore
  let clock: FakeClock
  let logged: [level: string, message: string, fields: object][]
  /** Rows of each saveCalls. */
  let batches: [calls: number, events: number][]
  let recording: Pick<CallStore, 'saveCalls'>

  beforeEach(() => {
    store = new FakeStore()
    clock = new FakeClock()
    logged = []
    batches = []
    recording = {
      saveCalls(calls, events) {
        batches.push([calls.length, events.length])
        return store.saveCalls(calls, events)
      },
    }
  })

  function journalWith(limits: Partial<JournalLimits> = {}): Journal {
    const say = (level: string) => (fields: object, message: string) => {
      logged.push([level, message, fields])
    }
    const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
    return createJournal({ store: recording, clock, log, limits: { flushMs: 100, ...limits } })
  }

  async function pass(ms: number): Promise<void> {
    clock.advance(ms)
    await settled()
  }

  const eventsOf = async (id: string) => (await store.call(id))?.events.map(({ seq }) => seq)

  it('writes what came within a moment as one batch', async () => {
    const journal = journalWith({ flushMs: 100 })
    journal.save(call('c1'))
    journal.record(event('c1', 0))
    await pass(99)
    expect(batches).toEqual([])
    expect(journal.pending()).toBe(2)
    journal.record(event('c1', 1))
    await pass(1)
    expect(batches).toEqual([[1, 2]])
    expect(journal.pending()).toBe(0)
    expect(await eventsOf('c1')).toEqual([0, 1])
    expect(clock.pending).toBe(0)
  })

  it('writes at once when a batch is full', async () => {
    const journal = journalWith({ batchRows: 3 })
    for (const seq of [0, 1, 2, 3]) journal.record(event('c1', seq))
    await settled()
    expect(batches).toEqual([[0, 3]])
    await pass(100)
    expect(batches).toEqual([
      [0, 3],
      [0, 1],
    ])
  })

  it('writes only the latest state of a call that changed meanwhile', async () => {
    const journal = journalWith()
    journal.save(call('c1'))
    journal.save(call('c1', { answeredAt: 5 }))
    journal.save(ended('c1'))
    journal.save(call('c1', { answeredAt: 5 }))
    await pass(100)
    expect(batches).toEqual([[1, 0]])
    expect((await store.call('c1'))?.call).toEqual(ended('c1'))
  })

  it('writes one batch at a time, in their order', async () => {
    const gates: (() => void)[] = []
    store.delayBy(() => new Promise((resolve) => gates.push(resolve)))
    const journal = journalWith({ batchRows: 1 })
    journal.save(call('c1'))
    await settled()
    journal.save(ended('c1'))
    await pass(1000)
    expect(gates).toHaveLength(1)
    expect(journal.pending()).toBe(2)
    gates[0]?.()
    await settled()
    expect(gates).toHaveLength(2)
    gates[1]?.()
    await journal.flush()
    store.delayBy(() => Promise.resolve())
    expect((await store.call('c1'))?.call).toEqual(ended('c1'))
  })

  it('flushes everything that waits, whatever the size of a batch', async () => {
    const journal = journalWith({ batchRows: 2 })
    journal.save(call('c1'))
    journal.record(event('c1', 0))
    const first = journal.flush()
    for (const seq of [1, 2, 3, 4]) journal.record(event('c1', seq))
    await Promise.all([first, journal.flush()])
    expect(journal.pending()).toBe(0)
    expect(await eventsOf('c1')).toEqual([0, 1, 2, 3, 4])
    await journal.flush()
  })

  describe('while the database is away', () => {
    beforeEach(() => {
      store.failWhile((method) => method === 'saveCalls')
    })

    it('keeps the rows, tries again after longer and longer pauses, and says when it is back', async () => {
      const journal = journalWith({ flushMs: 100, retryMs: [200, 500] })
      journal.save(call('c1'))
      journal.record(event('c1', 0))
      await pass(100)
      journal.record(event('c1', 1))
      for (const pause of [200, 400, 500, 500]) {
        const before = batches.length
        await pass(pause - 1)
        expect(batches).toHaveLength(before)
        await pass(1)
        expect(batches).toHaveLength(before + 1)
      }
      expect(journal.pending()).toBe(3)
      store.failWhile(() => false)
      await pass(500)
      await pass(100)
      expect(await eventsOf('c1')).toEqual([0, 1])
      expect(logged.map(([level, message]) => `${level}: ${message}`)).toEqual([
        ...Array.from({ length: 5 }, () => 'warn: calls cannot be written; they wait'),
        'info: calls are written again',
      ])
      expect(journal.lost()).toEqual({ calls: 0, events: 0 })
    })

    it('does not try more often because more rows come', async () => {
      const journal = journalWith({ batchRows: 1 })
      journal.save(call('c1'))
      await settled()
      for (let n = 0; n < 10; n += 1) journal.save(call(`d${String(n)}`))
      await settled()
      expect(batches).toHaveLength(1)
    })

    it('tells who waits for a flush', async () => {
      const journal = journalWith()
      journal.save(call('c1'))
      await expect(journal.flush()).rejects.toBeInstanceOf(StoreUnavailable)
      expect(journal.pending()).toBe(1)
    })

    it('drops detail of live calls first, then of ended ones, then live calls, and endings last', async () => {
      const journal = journalWith({ maxPending: 4, batchRows: 100 })
      journal.save(ended('e1'))
      journal.record(event('e1', 0))
      journal.save(call('l1'))
      journal.record(event('l1', 0))
      journal.record(event('l1', 1))
      expect(journal.lost()).toEqual({ calls: 0, events: 1 })
      journal.save(ended('e2'))
      expect(journal.lost()).toEqual({ calls: 0, events: 2 })
      journal.save(ended('e3'))
      expect(journal.lost()).toEqual({ calls: 0, events: 3 })
      journal.save(ended('e4'))
      expect(journal.lost()).toEqual({ calls: 1, events: 3 })
      journal.save(ended('e5'))
      expect(journal.lost()).toEqual({ calls: 2, events: 3 })
      expect(journal.pending()).toBe(4)
      store.failWhile(() => false)
      await journal.flush()
      expect((await store.recentCalls(9)).map(({ id }) => id).sort()).toEqual(['e2', 'e3', 'e4', 'e5'])
      expect(logged).toEqual([
        ['error', 'rows of calls were dropped: too many wait', { rows: 5, pending: 0 }],
      ])
    })

    it('keeps the detail of a call that ends before that of calls that live', async () => {
      const journal = journalWith({ maxPending: 4, batchRows: 100 })
      for (const id of ['c1', 'c2']) journal.record(event(id, 0))
      journal.save(ended('c1'))
      journal.record(event('c1', 1))
      journal.record(event('c1', 2))
      store.failWhile(() => false)
      await journal.flush()
      expect(await eventsOf('c1')).toEqual([0, 1, 2])
      expect(journal.lost()).toEqual({ calls: 0, events: 1 })
    })

    it('closes at its deadline, says how many rows were not written, and leaves no timer', async () => {
      const journal = journalWith({ retryMs: [100, 100] })
      journal.save(call('c1'))
      journal.record(event('c1', 0))
      const closed = journal.close(1000)
      for (let n = 0; n < 10; n += 1) await pass(100)
      expect(await closed).toBe(2)
      expect(batches.length).toBeGreaterThan(5)
      expect(logged).toContainEqual(['error', 'rows of calls were still unwritten at the end', { rows: 2 }])
      expect(clock.pending).toBe(0)
    })

    it('closes as soon as the database is back and has all rows', async () => {
      const journal = journalWith({ retryMs: [100, 100] })
      journal.save(call('c1'))
      const closed = journal.close(10_000)
      await pass(100)
      store.failWhile(() => false)
      await pass(100)
      expect(await closed).toBe(0)
      expect(clock.pending).toBe(0)
    })
  })

  it('closes at its deadline even where a write never comes to an end', async () => {
    store.delayBy(() => new Promise(() => undefined))
    const journal = journalWith()
    journal.save(call('c1'))
    const closed = journal.close(1000)
    await pass(1000)
    expect(await closed).toBe(1)
  })

  it('takes nothing once it is closed, and says so', async () => {
    const journal = journalWith()
    expect(await journal.close()).toBe(0)
    journal.save(call('c1'))
    journal.record(event('c1', 0))
    expect(journal.pending()).toBe(0)
    expect(journal.lost()).toEqual({ calls: 1, events: 1 })
    expect(logged.map(([level, message]) => `${level}: ${message}`)).toEqual([
      'error: a row of a call came after the journal was closed',
      'error: a row of a call came after the journal was closed',
    ])
    expect(clock.pending).toBe(0)
  })

  it('loses only the row that the database will never take', async () => {
    const bad = event('c1', 5)
    const journal = journalWith()
    recording.saveCalls = (calls, events) =>
      events.some(({ seq }) => seq === bad.seq)
        ? Promise.reject(new Error('value out of range'))
        : store.saveCalls(calls, events)
    for (const id of ['c1', 'c2']) journal.save(call(id))
    for (let seq = 0; seq < 10; seq += 1) journal.record(event('c1', seq))
    await pass(100)
    expect(await eventsOf('c1')).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9])
    expect(await eventsOf('c2')).toEqual([])
    expect(journal.lost()).toEqual({ calls: 0, events: 1 })
    expect(logged).toEqual([
      [
        'error',
        'the database refuses a row of a call',
        { err: new Error('value out of range'), calls: [], events: [bad] },
      ],
    ])
  })
})
