import { openStore } from '../../../src/adapters/postgres/index.js'
import type { CallRecord } from '../../../src/ports/store.js'
import { until } from '../../process/support/poll.js'

export type Ended = CallRecord & { readonly ending: NonNullable<CallRecord['ending']> }

/**
 * The rows of the calls to these users, once all have ended by the database; by user. Throws where a user has not one
 * call, and where a journal does not tell of one ending, or has gaps.
 */
export async function endings(url: string, users: readonly string[]): Promise<ReadonlyMap<string, Ended>> {
  const store = await openStore({ engine: 'postgres', url })
  try {
    let calls: readonly CallRecord[] = []
    const written = async (): Promise<boolean> => {
      calls = (await store.recentCalls(1000)).filter(({ to }) => users.includes(to))
      return calls.filter(hasEnded).length >= users.length
    }
    const progress = () => `; ${calls.filter(hasEnded).length} of ${calls.length} have`
    await until('all calls have ended', written, 20_000, progress)
    if (calls.length !== users.length) throw new Error(`${calls.length} calls to ${users.length} users`)
    for (const { id } of calls) {
      const events = (await store.call(id))?.events ?? []
      const told = events.filter(({ type }) => type === 'ended').length
      const whole = events.every(({ seq }, n) => seq === n)
      if (told !== 1 || !whole) throw new Error(`call ${id} has ${told} endings: ${JSON.stringify(events)}`)
    }
    return new Map(calls.filter(hasEnded).map((call) => [call.to, call]))
  } finally {
    await store.close()
  }
}

function hasEnded(call: CallRecord): call is Ended {
  return call.ending !== null
}
