import { type Ending, ending, endingOfStatus } from '../call/ending.js'
import type { Otherwise, RouteTarget } from '../call/plan.js'
import type { Outside } from './outside.js'
import { subscriberSteps } from './subscriber-steps.js'
import type { NoAnswer, RoutedGroup, RoutedSubscriber, RoutedUser, RoutingTable } from './table.js'

/** Who a target means. Times in milliseconds. */
export type Resolved =
  | ({ readonly kind: 'users' } & Ringing)
  | ({ readonly kind: 'outside' } & Outside)
  | { readonly kind: 'nobody'; readonly ending: Ending }

/** Users whose phones ring side by side, and numbers outside beside them. */
export interface Ringing {
  readonly users: readonly RoutedUser[]
  readonly outside: readonly Outside[]
  readonly ringMs: number
  readonly otherwise: Otherwise
}

export function resolve(table: RoutingTable, target: RouteTarget): Resolved {
  switch (target.kind) {
    case 'outside':
      return target
    case 'user': {
      const user = table.user(target.user)
      return user === undefined ? nobody(`no user ${target.user}`) : { kind: 'users', ...alone(user) }
    }
    case 'client':
      return { kind: 'users', ...alone(table.client(target.client)) }
    case 'instructions':
      return nobody(`no instructions ${target.name}`)
    case 'group': {
      const group = table.group(target.group)
      return group === undefined
        ? nobody(`no group ${target.group}`)
        : { kind: 'users', ...together(table, group, target.member ?? 0) }
    }
    case 'subscriber': {
      const subscriber = table.subscriber(target.number)
      return subscriber === undefined
        ? nobody(`no subscriber ${target.number}`)
        : { kind: 'users', ...ofSubscriber(table, subscriber, target) }
    }
    case 'number': {
      const to = table.number(target.number)
      if (to === undefined) return nobody(`nobody has the number ${target.number}`)
      if (to.kind === 'status') return { kind: 'nobody', ending: endingOfStatus(to.status, 'server') }
      // A route to a number would let two routes point at each other.
      return to.kind === 'number'
        ? nobody(`the route of ${target.number} names a number`)
        : resolve(table, to)
    }
    default:
      return target satisfies never
  }
}

function nobody(detail: string): Resolved {
  return { kind: 'nobody', ending: ending('not-found', 'server', { detail }) }
}

function alone(user: RoutedUser): Ringing {
  return { users: [user], outside: [], ringMs: user.ringMs, otherwise: otherwise(user.noAnswer) }
}

/** `turn`: which member it is at, counted from 0. */
function together(table: RoutingTable, group: RoutedGroup, turn: number): Ringing {
  switch (group.strategy) {
    case 'side-by-side':
      return {
        users: usersOf(table, group.members),
        outside: [],
        ringMs: group.ringMs,
        otherwise: otherwise(group.noAnswer),
      }
    case 'in-turn': {
      // After a reload the group may be shorter than it was: what is left is its no-answer target.
      const members = group.members.slice(turn, turn + 1)
      const next = { kind: 'group', group: group.name, member: turn + 1 } as const
      return {
        users: usersOf(table, members),
        outside: [],
        ringMs: members[0]?.ringMs ?? group.ringMs,
        otherwise:
          turn + 1 < group.members.length ? { kind: 'target', target: next } : otherwise(group.noAnswer),
      }
    }
    default:
      return group.strategy satisfies never
  }
}

function ofSubscriber(
  table: RoutingTable,
  subscriber: RoutedSubscriber,
  target: Extract<RouteTarget, { readonly kind: 'subscriber' }>,
): Ringing {
  const steps = subscriberSteps(table, subscriber, target.devices)
  const turn = target.member ?? 0
  const next = { ...target, member: turn + 1 }
  return {
    // After a reload there may be fewer steps than there were.
    ...(steps[turn] ?? { users: [], outside: [], ringMs: subscriber.ringMs }),
    otherwise: turn + 1 < steps.length ? { kind: 'target', target: next } : otherwise(subscriber.noAnswer),
  }
}

function usersOf(table: RoutingTable, members: RoutedGroup['members']): readonly RoutedUser[] {
  return members.flatMap((member) => table.user(member.user) ?? [])
}

function otherwise(noAnswer: NoAnswer | null): Otherwise {
  if (noAnswer === null) return { kind: 'outcome' }
  return noAnswer.kind === 'status' ? noAnswer : { kind: 'target', target: noAnswer }
}
