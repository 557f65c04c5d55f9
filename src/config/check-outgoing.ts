import { at, type Entries, entriesOf, itemsOf, type Place, textOf } from './look.js'
import type { Complain } from './problem.js'
import type { Value } from './to-value.js'

/** The sections that say how calls of users and clients go out: each may name a trunk. */
export function callingPlaces(root: Value): readonly Place[] {
  const users = entriesOf(at(root, 'users')).map(([name, user]) => ({
    path: ['users', name, 'outgoing'],
    value: at(user, 'outgoing'),
  }))
  return [{ path: ['outgoing'], value: at(root, 'outgoing') }, ...users]
}

/** A user that is not of the configuration may be a client of its own; a group cannot. */
export function checkCalledGroups(places: readonly Place[], groups: Entries, complain: Complain): void {
  const known = new Set(['*', ...groups.map(([name]) => name)])
  for (const { path, value } of places) {
    itemsOf(at(value, 'to')).forEach((item, index) => {
      const group = /^group:(.*)$/.exec(textOf(item) ?? '')?.[1]
      if (group !== undefined && !known.has(group)) {
        complain([...path, 'to', index], `there is no group ${group}`)
      }
    })
  }
}
