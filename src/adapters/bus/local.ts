import type { Bus } from '../../ports/bus.js'
import type { Log } from '../../ports/log.js'
import { Listeners } from './listeners.js'

/**
 * The bus of a single node. Listeners hear a message after `publish` has returned, as they would over a network, so
 * that no publisher finds itself inside its own listener; the promise resolves when all of them have heard it.
 */
export function createLocalBus({ log }: { readonly log: Log }): Bus {
  const listeners = new Listeners(log)
  let closed = false
  let last: Promise<void> = Promise.resolve()

  return {
    publish(message) {
      if (closed) return Promise.reject(new Error('the bus is closed'))
      last = last.then(() => listeners.tell(message))
      return last
    },
    subscribe: (hear) => listeners.add(hear),
    async close() {
      closed = true
      await last
      listeners.clear()
    },
  }
}
