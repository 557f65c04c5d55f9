import type { PresenceChange, PresenceFacts, PresenceRow } from '../../src/ports/presence.js'
import type { Binding, Device } from '../../src/ports/store.js'

/** What is kept of a user; `calls` holds the lives of the server that the user is in a call on. */
export interface Kept {
  readonly row: Omit<PresenceRow, 'present' | 'inCall'>
  readonly expiresAt: number | null
  readonly presentUntil: number | null
  readonly calls: ReadonlySet<object>
}

/** Versions go up for as long as a map of presence is kept. */
const versions = new WeakMap<object, number>()

function nextVersion(all: ReadonlyMap<string, Kept>): number {
  const version = (versions.get(all) ?? 0) + 1
  versions.set(all, version)
  return version
}

export function changeKept(
  all: Map<string, Kept>,
  changes: readonly PresenceChange[],
  now: number,
  life: object,
): readonly PresenceRow[] {
  return changes.flatMap((change) => {
    const before = all.get(change.user) ?? fresh(change.user, now)
    const after = changeOne(before, change, now, life)
    const moved =
      change.set !== undefined ||
      (before.presentUntil === null) !== (after.presentUntil === null) ||
      before.calls.size > 0 !== after.calls.size > 0
    const kept = moved ? { ...after, row: { ...after.row, version: nextVersion(all) } } : after
    all.set(change.user, kept)
    return moved ? [toRow(kept)] : []
  })
}

function changeOne(before: Kept, change: PresenceChange, now: number, life: object): Kept {
  const { set, presentUntil, inCall } = change
  const calls = new Set(before.calls)
  if (inCall === true) calls.add(life)
  if (inCall === false) calls.delete(life)
  const until = Math.max(before.presentUntil ?? 0, presentUntil ?? 0)
  const appears = before.row.state === null && before.presentUntil === null && presentUntil !== undefined
  return {
    row: {
      ...before.row,
      ...(set === undefined ? {} : { state: set.state, note: set.note }),
      since: set !== undefined || appears ? now : before.row.since,
    },
    expiresAt: set === undefined ? before.expiresAt : set.expiresAt,
    presentUntil: until === 0 ? null : until,
    calls,
  }
}

export function lapseKept(all: Map<string, Kept>, now: number, life: object): readonly PresenceRow[] {
  return [...all.values()].flatMap((before) => {
    const { row, expiresAt, presentUntil } = before
    const absent = presentUntil !== null && presentUntil <= now
    const expired = row.state !== null && (expiresAt === null ? absent : expiresAt <= now)
    const calls = new Set([...before.calls].filter((one) => one === life))
    if (!absent && !expired && calls.size === before.calls.size) return []
    const kept: Kept = {
      row: {
        ...row,
        ...(expired ? { state: null, note: null } : {}),
        since: expired || (absent && row.state === null) ? now : row.since,
        version: nextVersion(all),
      },
      expiresAt: expired ? null : expiresAt,
      presentUntil: absent ? null : presentUntil,
      calls,
    }
    all.set(row.user, kept)
    return [toRow(kept)]
  })
}

export function factsOf(
  user: string,
  now: number,
  {
    presence,
    bindings,
    devices,
  }: {
    readonly presence: ReadonlyMap<string, Kept>
    readonly bindings: ReadonlyMap<string, Binding>
    readonly devices: ReadonlyMap<string, Device>
  },
): PresenceFacts {
  const kept = presence.get(user)
  const ends = [...bindings.values()]
    .filter((binding) => binding.user === user && binding.expiresAt > now)
    .map(({ expiresAt }) => expiresAt)
  return {
    user,
    row: kept === undefined ? null : toRow(kept),
    registeredUntil: ends.length === 0 ? null : Math.max(...ends),
    wakeable: [...devices.values()].some((device) => device.user === user && device.push !== null),
  }
}

function fresh(user: string, now: number): Kept {
  const row = { user, version: 0, state: null, note: null, since: now }
  return { row, expiresAt: null, presentUntil: null, calls: new Set() }
}

function toRow({ row, presentUntil, calls }: Kept): PresenceRow {
  return { ...row, present: presentUntil !== null, inCall: calls.size > 0 }
}
