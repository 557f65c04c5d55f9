import { ending } from '../call/ending.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import { BEAT_MS } from '../ports/store.js'
import type { NodeStore } from '../ports/store.js'

export interface Heartbeat {
  readonly store: Pick<NodeStore, 'beat' | 'endInterrupted'>
  readonly clock: Clock
  readonly log: Log
}

/**
 * Says at once and every few seconds that this node lives, and ends the calls of those that do not. An outage of the
 * database is told when it begins and when it is over. Rejects with StoreUnavailable where it is away from the start.
 *
 * @returns the function that ends it
 */
export async function startHeartbeat({ store, clock, log }: Heartbeat): Promise<() => void> {
  let away = false
  let ended = false

  async function beat(interrupted: string): Promise<void> {
    await store.beat()
    const calls = await store.endInterrupted(ending('interrupted', 'server'), clock.now())
    if (calls.length > 0) log.warn({ calls }, interrupted)
  }

  async function beatAgain(): Promise<void> {
    try {
      await beat('calls were interrupted by the end of another server')
      if (away) log.info({}, 'the database is back')
      away = false
    } catch (error) {
      if (!away && !ended) log.error({ err: error }, 'the database is away: phones cannot register')
      away = true
    }
    if (!ended) stop = schedule()
  }

  const schedule = (): (() => void) => clock.after(BEAT_MS, () => void beatAgain())

  await beat('calls were interrupted by the last end of the server')
  let stop = schedule()
  return () => {
    ended = true
    stop()
  }
}
