import { beforeEach, describe, expect, it } from 'vitest'
import { startHeartbeat } from '../../src/compose/heartbeat.js'
import { BEAT_MS, StoreUnavailable } from '../../src/ports/store.js'
import type { Log } from '../../src/ports/log.js'
import { someCall } from '../contract/store.contract.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'

describe('the heartbeat of a node', () => {
  let clock: FakeClock
  let beats: number
  let lines: { readonly message: string; readonly fields: object }[]
  let log: Log
  beforeEach(() => {
    clock = new FakeClock()
    beats = 0
    lines = []
    const keep = (fields: object, message: string) => void lines.push({ message, fields })
    log = { debug: keep, info: keep, warn: keep, error: keep }
  })

  /** Counts the beats. */
  class CountingStore extends FakeStore {
    override async beat(): Promise<void> {
      beats += 1
      return super.beat()
    }
  }

  /** Lets so many beats pass, each to its end. */
  async function pass(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      clock.advance(BEAT_MS)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  const said = () => lines.map(({ message }) => message)

  it('goes at once, then at its pace, until it is ended', async () => {
    const stop = await startHeartbeat({ store: new CountingStore(), clock, log })
    expect(beats).toBe(1)
    clock.advance(BEAT_MS - 1)
    expect(beats).toBe(1)
    await pass(3)
    expect(beats).toBe(4)
    stop()
    await pass(3)
    expect(beats).toBe(4)
    expect(said()).toEqual([])
  })

  it('ends the calls that an earlier life left, and later those of nodes that are gone', async () => {
    const before = new CountingStore()
    const other = new CountingStore(before)
    const [left, lost] = [someCall(), someCall()]
    await before.saveCalls([left], [])
    const store = new CountingStore(before)
    const stop = await startHeartbeat({ store, clock, log })
    expect((await store.call(left.id))?.call.ending?.cause).toBe('interrupted')
    await other.saveCalls([lost], [])
    await pass(1)
    expect((await store.call(lost.id))?.call.ending?.cause).toBe('interrupted')
    expect(lines).toEqual([
      {
        message: 'calls were interrupted by the last end of the server',
        fields: { calls: [left.id] },
      },
      {
        message: 'calls were interrupted by the end of another server',
        fields: { calls: [lost.id] },
      },
    ])
    stop()
  })

  it('tells of an outage once when it begins and once when it is over', async () => {
    const store = new CountingStore()
    const stop = await startHeartbeat({ store, clock, log })
    store.failWhile(() => true)
    await pass(5)
    store.failWhile(() => false)
    await pass(2)
    expect(said()).toEqual(['the database is away: phones cannot register', 'the database is back'])
    stop()
  })

  it('does not begin where the database is away', async () => {
    const store = new CountingStore()
    store.failWhile(() => true)
    await expect(startHeartbeat({ store, clock, log })).rejects.toBeInstanceOf(StoreUnavailable)
    await pass(2)
    expect(beats).toBe(1)
  })
})
