import type { Bus, BusMessage } from '../../ports/bus.js'
import type { Log } from '../../ports/log.js'

/**
 * The bus of a single node. Listeners hear a message after `publish` has returned, as they would over a network, so
 * that no publisher finds itself inside its own listener; the promise resolves when all of them have heard it.
 */
export function createLocalBus({ log }: { readonly log: Log }): Bus {
  const listeners = new Set<{ readonly hear: (message: BusMessage) => void }>()
  let closed = false
  let last: Promise<void> = Promise.resolve()

  const deliver = (message: BusMessage) => {
    for (const listener of [...listeners]) {
      // It may have been taken out by one that heard the message before it.
      if (!listeners.has(listener)) continue
      try {
        listener.hear(message)
      } catch (error) {
        log.error({ err: error, message: message.type }, 'a listener of the bus failed')
      }
    }
  }

  return {
    publish(message) {
      if (closed) return Promise.reject(new Error('the bus is closed'))
      last = last.then(() => {
        deliver(message)
      })
      return last
    },
    subscribe(hear) {
      const listener = { hear }
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    async close() {
      closed = true
      await last
      listeners.clear()
    },
  }
}
