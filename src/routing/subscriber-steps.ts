import { type Outside, outsideNumber } from './outside.js'
import type { RoutedSubscriber, RoutedUser, RoutingTable, Secondary } from './table.js'

/** Who rings at once for a subscriber. */
export interface SubscriberStep {
  readonly users: readonly RoutedUser[]
  readonly outside: readonly Outside[]
  readonly ringMs: number
}

/**
 * Whom a call to a subscriber rings, one step after another. A call that nobody reported as a primary call rings the
 * `devices` of the subscriber's user as well, in turn before the others.
 */
export function subscriberSteps(
  table: RoutingTable,
  subscriber: RoutedSubscriber,
  devices: boolean,
): readonly SubscriberStep[] {
  const { ringMs } = subscriber
  const own: readonly Secondary[] = devices ? [{ kind: 'user', user: subscriber.user }] : []
  const each = [...own, ...subscriber.secondaries].map((one) => membersOf(table, one))
  switch (subscriber.strategy) {
    case 'side-by-side':
      return [merged(each, ringMs)]
    case 'in-turn':
      return each.map((one) => merged([one], ringMs))
    default:
      return subscriber.strategy satisfies never
  }
}

type Members = Pick<SubscriberStep, 'users' | 'outside'>

function membersOf(table: RoutingTable, secondary: Secondary): Members {
  switch (secondary.kind) {
    case 'user': {
      const user = table.user(secondary.user)
      return { users: user === undefined ? [] : [user], outside: [] }
    }
    // Its members ring at once, also where a call to the group itself would ask them in turn: the cell phone does not
    // ring for so long.
    case 'group': {
      const members = table.group(secondary.group)?.members ?? []
      return { users: members.flatMap(({ user }) => table.user(user) ?? []), outside: [] }
    }
    case 'outside':
      return { users: [], outside: [{ uri: secondary.uri, trunk: secondary.trunk }] }
    case 'number': {
      const outside = outsideNumber(table.trunk(secondary.trunk), secondary.number)
      return { users: [], outside: outside === undefined ? [] : [outside] }
    }
    default:
      return secondary satisfies never
  }
}

/** Nobody is rung twice by one step. */
function merged(members: readonly Members[], ringMs: number): SubscriberStep {
  const users = new Map(members.flatMap(({ users: some }) => some.map((user) => [user.name, user])))
  const outside = new Map(members.flatMap(({ outside: some }) => some.map((one) => [one.uri, one])))
  return { users: [...users.values()], outside: [...outside.values()], ringMs }
}
