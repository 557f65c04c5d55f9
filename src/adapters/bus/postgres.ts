import { randomUUID } from 'node:crypto'
import type { Bus, BusMessage } from '../../ports/bus.js'
import type { Log } from '../../ports/log.js'
import { createLocalBus } from './local.js'
import { Listeners } from './listeners.js'
import { Outbox, type OutboxLimits } from './outbox.js'
import { Watch, type WatchLimits } from './watch.js'

export interface PostgresBusOptions {
  /** `postgres://user:password@host:port/database`, whose tables are up to date. */
  readonly url: string
  readonly log: Log
  readonly limits?: Partial<BusLimits>
}

export type BusLimits = OutboxLimits & WatchLimits

/** In milliseconds, but for `batch`. */
const DEFAULTS: BusLimits = {
  patience: 30_000,
  batch: 500,
  statement: 5_000,
  poll: 5_000,
  linger: 250,
  keep: 600_000,
  retry: [100, 2_000],
}

/**
 * The bus of several nodes on one database. A message is heard on its own node at once, whatever becomes of the
 * database, and on the others when it is written to `bus_messages`, of which NOTIFY tells them.
 *
 * What a node was away for it hears when it is back, unless that took longer than `keep`. A message that cannot be
 * written is tried again for `patience`; only then, or where the bus is closed, `publish` rejects, and other nodes may
 * not have heard it. While a bus lives each message of a sender comes once, and in order.
 *
 * Rejects where the database does not answer.
 */
export async function createPostgresBus({ url, log, limits: changed }: PostgresBusOptions): Promise<Bus> {
  const limits = { ...DEFAULTS, ...changed }
  const sender = randomUUID()
  const near = createLocalBus({ log })
  const far = new Listeners(log)
  const outbox = new Outbox(url, sender, limits, log)
  const hear = (body: string) => {
    const message = parsed(body, log)
    if (message !== undefined) far.tell(message)
  }
  const watch = await Watch.open(url, sender, hear, limits, log).catch(async (error: unknown) => {
    await outbox.close()
    throw error
  })
  let closing: Promise<void> | undefined

  const close = async () => {
    await Promise.all([near.close(), outbox.close(), watch.close()])
    far.clear()
  }

  return {
    sender,
    heardSooner: (other) => watch.heardSooner(other),
    async publish(message) {
      const heard = near.publish(message)
      const written = closing === undefined ? outbox.write(JSON.stringify(message)) : Promise.resolve()
      await Promise.all([heard, written])
    },
    subscribe(listener) {
      const ends = [near.subscribe(listener), far.add(listener)]
      return () => ends.forEach((end) => end())
    },
    close: () => (closing ??= close()),
  }
}

/** What this node cannot read is a later version's, and not for it. */
function parsed(body: string, log: Log): BusMessage | undefined {
  try {
    return JSON.parse(body) as BusMessage
  } catch (error) {
    log.error({ err: error }, 'a message of the bus cannot be read')
    return undefined
  }
}
