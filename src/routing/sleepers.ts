import type { Contact } from '../call/destination.js'
import type { Clock } from '../ports/clock.js'

/** A flow that was silent so long ago proves nothing any more. */
const REMEMBER_US = 3600 * 1_000_000
const MOST = 100_000

/**
 * Remembers which flows stayed silent when they were last dialled: their app is asleep, and the next call pushes at
 * once instead of waiting the grace out. A REGISTER on the flow, or anything heard from it, wakes it up again.
 */
export interface Sleepers {
  silent(contact: Contact): void
  heard(contact: Contact): void
  asleep(contact: Contact): boolean
}

export function createSleepers(clock: Clock): Sleepers {
  const since = new Map<string, number>()
  return {
    silent(contact) {
      if (since.size >= MOST) since.clear()
      since.set(contact.flow, clock.now())
    },
    heard(contact) {
      since.delete(contact.flow)
    },
    asleep(contact) {
      const at = since.get(contact.flow)
      return at !== undefined && clock.now() - at < REMEMBER_US
    },
  }
}
