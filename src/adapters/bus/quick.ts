import { randomUUID } from 'node:crypto'
import type { Bus, BusMessage } from '../../ports/bus.js'
import type { Log } from '../../ports/log.js'
import type { Line } from './line.js'
import { Listeners } from './listeners.js'
import { type Stamp, TwiceHeard } from './twice-heard.js'

/** A message as it goes both ways; nodes that have no line leave the stamp unread. */
type Stamped = BusMessage & { readonly stamp?: Stamp }

export interface QuickBusOptions {
  /** It brings every message, to all nodes. */
  readonly bus: Bus
  /** To those who are near, and do not have to wait for the bus. */
  readonly line: Line
  readonly log: Log
}

/**
 * A bus whose messages go over a line too, so that those who are on it hear them without the way through the database.
 * Each is heard once, and in order a sender while the line loses nothing; what it lost comes by the bus, later than what
 * was said after it. Closing it closes the bus below.
 */
export function createQuickBus({ bus, line, log }: QuickBusOptions): Bus {
  const own = bus.sender ?? randomUUID()
  const listeners = new Listeners(log)
  const twice = new TwiceHeard()
  let sent = 0

  const tell = ({ stamp: _, ...message }: Stamped): void => listeners.tell(message)
  bus.subscribe((message: Stamped) => {
    const { stamp } = message
    if (stamp === undefined || stamp.from === own || twice.isNewBySure(stamp)) tell(message)
  })
  line.listen((text) => {
    const message = parsed(text, log)
    if (message?.stamp === undefined) return
    bus.heardSooner?.(message.stamp.from)
    if (twice.isNewByQuick(message.stamp)) tell(message)
  })

  return {
    publish(message) {
      const stamped: Stamped = { ...message, stamp: { from: own, n: ++sent } }
      line.say(JSON.stringify(stamped))
      return bus.publish(stamped)
    },
    subscribe: (listener) => listeners.add(listener),
    async close() {
      await bus.close()
      listeners.clear()
    },
  }
}

/** Cut off in the middle where who said it was killed. */
function parsed(text: string, log: Log): Stamped | undefined {
  try {
    return JSON.parse(text) as Stamped
  } catch (error) {
    log.warn({ err: error }, 'what another worker said cannot be read')
    return undefined
  }
}
