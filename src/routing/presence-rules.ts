import type { RouteTarget } from '../call/plan.js'
import type { Presence, PresenceLookup } from '../ports/presence.js'
import type { NoAnswer, RoutedUser, RoutingTable } from './table.js'

/**
 * Where a call to this target goes, by the rules of the user that it means, of the user that those lead to, and so on.
 * Who was met before is rung after all: two who send each other their calls would have them go in a circle. What is
 * not known for want of the database is no reason not to ring.
 */
export function aimed(table: RoutingTable, presence: PresenceLookup, target: RouteTarget): NoAnswer {
  const met = new Set<string>()
  let to: NoAnswer = target
  for (;;) {
    const user = userOf(table, to)
    if (user === undefined) return to
    if (met.has(user.name)) return target
    met.add(user.name)
    const rule = ruleOf(user, presence)
    if (rule === undefined) return to
    to = rule
  }
}

/** Those of a group who are rung: a member whose rule turns calls away is not, and where it leads elsewhere all the same. */
export function ringable(users: readonly RoutedUser[], presence: PresenceLookup): readonly RoutedUser[] {
  return users.filter((user) => ruleOf(user, presence)?.kind !== 'status')
}

function ruleOf({ name, when }: RoutedUser, lookup: PresenceLookup): NoAnswer | undefined {
  // Nothing is looked up for those without rules.
  const presence = when.length === 0 ? undefined : lookup.known(name)
  return presence === undefined ? undefined : when.find((rule) => holds(rule.presence, presence))?.to
}

function holds(words: RoutedUser['when'][number]['presence'], { state, inCall }: Presence): boolean {
  return words.some((word) => (word === 'in-call' ? inCall : word === state))
}

/** The one user that the target means, whatever its rules say. */
export function userOf(table: RoutingTable, target: NoAnswer): RoutedUser | undefined {
  switch (target.kind) {
    case 'user':
      return table.user(target.user)
    case 'client':
      return table.client(target.client)
    case 'number': {
      const to = table.number(target.number)
      // A route to a number leads nowhere.
      return to === undefined || to.kind === 'number' ? undefined : userOf(table, to)
    }
    case 'group':
    case 'subscriber':
    case 'outside':
    case 'status':
    case 'instructions':
      return undefined
    default:
      return target satisfies never
  }
}
