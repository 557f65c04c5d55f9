import type { Presence, PresenceFacts } from '../ports/presence.js'

/**
 * What readers are told of these facts.
 *
 * @param now microseconds since the epoch
 * @param before what they were told last
 */
export function viewOf(
  { user, row, registeredUntil, wakeable }: PresenceFacts,
  now: number,
  before?: Presence,
): Presence {
  const registered = registeredUntil !== null && registeredUntil > now
  const reachable = registered || wakeable || row?.present === true
  const set = row !== null && row.state !== null
  const state = row?.state ?? (reachable ? 'available' : 'offline')
  // What is derived from elsewhere changes without a word in the row.
  const flipped = before !== undefined && !before.set && !set && before.state !== state
  const known = Math.max(row?.since ?? 0, flipped ? now : set ? 0 : (before?.since ?? 0))
  return {
    ...{ user, state, set, note: row?.note ?? null, since: known === 0 ? null : known },
    ...{ version: row?.version ?? 0, registered, wakeable, inCall: row?.inCall ?? false },
  }
}

/** Whether a reader of one has nothing to gain from the other. */
export function sameView(a: Presence, b: Presence): boolean {
  return (Object.keys(a) as (keyof Presence)[]).every((key) => a[key] === b[key])
}
