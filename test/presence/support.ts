import { onTestFinished } from 'vitest'
import { createLocalBus } from '../../src/adapters/bus/local.js'
import { systemClock } from '../../src/adapters/system/clock.js'
import type { Bus } from '../../src/ports/bus.js'
import type { Clock } from '../../src/ports/clock.js'
import type { Presence, PresenceReader } from '../../src/ports/presence.js'
import type { PresenceLimits } from '../../src/presence/limits.js'
import { createPresence, type PresenceService } from '../../src/presence/service.js'
import { FakeStore } from '../support/fake-store.js'
import { RecordingLog } from '../wake/recording-log.js'

/** Short, as nobody waits for more of a fake store. */
export const QUICK: Partial<PresenceLimits> = { batchMs: 1, tickMs: 5 }

/** The machine's time, which a test may let run ahead. */
export class SkippingClock implements Clock {
  #ahead = 0

  now(): number {
    return systemClock.now() + this.#ahead
  }

  after(ms: number, callback: () => void): () => void {
    return systemClock.after(ms, callback)
  }

  skip(ms: number): void {
    this.#ahead += ms * 1000
  }
}

export interface Site {
  readonly store: FakeStore
  readonly bus: Bus
  readonly clock: SkippingClock
  readonly log: RecordingLog
  node(limits?: Partial<PresenceLimits>): PresenceService
}

/** Nodes on one store and one bus, closed with the test. */
export function presenceSite(): Site {
  const clock = new SkippingClock()
  const store = new FakeStore()
  const log = new RecordingLog()
  const bus = createLocalBus({ log })
  return {
    ...{ store, bus, clock, log },
    node(limits = {}) {
      const node = createPresence({ store, bus, clock, log, limits: { ...QUICK, ...limits } })
      onTestFinished(() => node.close())
      return node
    },
  }
}

/** One who reads, and can wait for what comes. */
export class TestReader {
  readonly heard: Presence[] = []
  readonly reader: PresenceReader
  #changed: () => void = () => undefined

  constructor(node: PresenceService) {
    this.reader = node.reader((presence) => {
      this.heard.push(presence)
      this.#changed()
    })
  }

  static async of(node: PresenceService, ...users: readonly string[]): Promise<TestReader> {
    const reader = new TestReader(node)
    await reader.reader.watch(users)
    return reader
  }

  last(user: string): Presence | undefined {
    return this.heard.findLast((presence) => presence.user === user)
  }

  /** Resolves when the last that was heard of the user is this. */
  async until(user: string, is: Partial<Presence>): Promise<Presence> {
    for (;;) {
      const last = this.last(user)
      const met = (Object.keys(is) as (keyof Presence)[]).every((key) => last?.[key] === is[key])
      if (last !== undefined && met) return last
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
  }
}
