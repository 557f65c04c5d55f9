import { ending } from '../call/ending.js'
import type { Otherwise, RouteTarget } from '../call/plan.js'
import type { Whom } from '../config/index.js'
import type { PresenceLookup } from '../ports/presence.js'
import { parseUri } from '../sip-text/uri.js'
import { NoRoute } from './no-route.js'
import { type Outside, outsideNumber } from './outside.js'
import { ringable } from './presence-rules.js'
import { resolve } from './resolve.js'
import type { RoutedUser, RoutingTable } from './table.js'

/** Who is to be rung at once for a call that instructions direct. Times in milliseconds. */
export interface RingRequest {
  readonly to: readonly Whom[]
  /** Null: as long as the settings of those who are rung say. */
  readonly ringMs: number | null
  /** Whom those who are rung see as the caller; null: the caller. */
  readonly callerId: string | null
  readonly answerFirst: boolean
  /** Users of one of these states are left out; `in-call` is one, too. */
  readonly unless: readonly string[]
  /** Through which numbers and URIs outside are rung that name no trunk themselves. */
  readonly trunk: string | null
  readonly otherwise: Otherwise
  readonly goesOn: RouteTarget | null
}

/** Who that is. */
export interface Rung {
  readonly users: readonly RoutedUser[]
  readonly outside: readonly Outside[]
}

/**
 * Everybody whom a request names and who is there to be rung, once.
 *
 * @param domain the host of our own URIs: one of them means a client of ours
 * @throws {@link NoRoute} where that is nobody
 */
export function rungBy(
  table: RoutingTable,
  presence: PresenceLookup,
  domain: string | undefined,
  { to, unless, trunk }: Pick<RingRequest, 'to' | 'unless' | 'trunk'>,
): Rung {
  const found = to.map((whom) => foundOf(table, whom, trunk, domain))
  const users = new Map(found.flatMap((each) => each.users).map((user) => [user.name, user]))
  const outside = new Map(found.flatMap((each) => each.outside).map((one) => [one.uri, one]))
  if (users.size + outside.size === 0) {
    throw nobody('not-found', found.map((each) => each.why).join('; '))
  }
  const there = ringable([...users.values()], presence).filter((user) => !isLeftOut(user, presence, unless))
  if (there.length + outside.size === 0) throw nobody('no-answer', 'everybody is left out by presence')
  return { users: there, outside: [...outside.values()] }
}

function nobody(cause: 'not-found' | 'no-answer', detail: string): NoRoute {
  return new NoRoute(ending(cause, 'server', { detail }))
}

function isLeftOut({ name }: RoutedUser, lookup: PresenceLookup, unless: readonly string[]): boolean {
  // Nothing is looked up for those who are rung in any case.
  const presence = unless.length === 0 ? undefined : lookup.known(name)
  return (
    presence !== undefined &&
    unless.some((word) => (word === 'in-call' ? presence.inCall : word === presence.state))
  )
}

/** `why`: why it is nobody. */
type Found = Rung & { readonly why?: string }

function foundOf(table: RoutingTable, whom: Whom, trunk: string | null, domain: string | undefined): Found {
  switch (whom.kind) {
    case 'user':
    case 'client':
      return fromTarget(table, whom)
    // All of its members at once, also where a call to the group itself would ask them in turn: the instructions say
    // what is done in turn.
    case 'group': {
      const group = table.group(whom.group)
      if (group === undefined) return none(`no group ${whom.group}`)
      return { users: group.members.flatMap(({ user }) => table.user(user) ?? []), outside: [] }
    }
    case 'number':
      return fromNumber(table, whom.number, whom.trunk, trunk)
    case 'uri': {
      const uri = parseUri(whom.uri)
      if (uri?.kind === 'sip' && uri.host === domain && uri.user !== undefined) {
        return fromTarget(table, { kind: 'client', client: uri.user })
      }
      if (table.blocked(uri?.kind === 'sip' ? (uri.user ?? '') : '')) return blocked(whom.uri)
      const by = whom.trunk ?? trunk
      if (by === null) return none(`no trunk for ${whom.uri}`)
      // Without a proxy the call would go to whatever host the URI names, and the trunk's credentials with it.
      if (table.trunk(by)?.proxy == null) return none(`trunk ${by} takes no calls out`)
      return { users: [], outside: [{ uri: whom.uri, trunk: by }] }
    }
    default:
      return whom satisfies never
  }
}

function none(why: string): Found {
  return { users: [], outside: [], why }
}

/** @param what the number, or the URI with it */
function blocked(what: string): Found {
  return none(`${what} is on the block list`)
}

function fromTarget(table: RoutingTable, target: RouteTarget): Found {
  const to = resolve(table, target)
  switch (to.kind) {
    case 'users':
      return { users: to.users, outside: to.outside }
    case 'outside':
      return { users: [], outside: [{ uri: to.uri, trunk: to.trunk }] }
    case 'nobody':
      return none(to.ending.detail ?? to.ending.cause)
    default:
      return to satisfies never
  }
}

/**
 * One of ours, unless a trunk is named. A route to instructions or a status is for those who call us: an application
 * that rings a number means whoever has it, not itself.
 */
function fromNumber(table: RoutingTable, number: string, own: string | null, trunk: string | null): Found {
  const inside = own === null ? table.number(number) : undefined
  switch (inside?.kind) {
    case 'user':
    case 'client':
    case 'subscriber':
    case 'outside':
      return fromTarget(table, inside)
    case 'group':
      return foundOf(table, inside, trunk, undefined)
    case 'number':
    case 'status':
    case 'instructions':
    case undefined: {
      if (table.blocked(number)) return blocked(number)
      const by = own ?? trunk
      const outside = by === null ? undefined : outsideNumber(table.trunk(by), number)
      if (outside !== undefined) return { users: [], outside: [outside] }
      return none(by === null ? `no trunk for ${number}` : `trunk ${by} takes no calls out`)
    }
    default:
      return inside satisfies never
  }
}
