import type {
  RoutedGroup,
  RoutedSubscriber,
  RoutedUser,
  RoutingConfig,
  RoutingTable,
  Trunk,
} from '../../../src/routing/table.js'
import { routingTable } from '../../../src/routing/table-of.js'

/** Someone with the settings that are the defaults of a configuration. */
export function user(name: string, settings: Partial<RoutedUser> = {}): RoutedUser {
  return {
    ...{ name, numbers: [], ringMs: 30_000, graceMs: 300, secondResponseMs: 15_000 },
    ...{ late: 'silent', offerInPush: false, redirect: [], when: [], noAnswer: null },
    ...settings,
  }
}

/** A group of `members`, or one in turn where they have times. */
export function group(
  name: string,
  members: readonly string[] | Readonly<Record<string, number>>,
  settings: Partial<RoutedGroup> = {},
): RoutedGroup {
  const ringMs = 20_000
  const inTurn = !Array.isArray(members)
  return {
    ...{ name, numbers: [], noAnswer: null, ringMs },
    strategy: inTurn ? 'in-turn' : 'side-by-side',
    members: inTurn
      ? Object.entries(members).map(([each, ms]) => ({ user: each, ringMs: Number(ms) }))
      : members.map((each: string) => ({ user: each, ringMs })),
    ...settings,
  }
}

export function trunk(name: string, settings: Partial<Trunk> = {}): Trunk {
  return {
    ...{ name, match: [], ringback: 'early-media', tone: 'us', accept: 'tone', trusted: false },
    ...{ asserts: 'caller', proxy: null, credentials: null, presence: false },
    ...settings,
  }
}

export function subscriber(
  number: string,
  user: string,
  settings: Partial<RoutedSubscriber> = {},
): RoutedSubscriber {
  return {
    ...{ number, user, did: '+12025550199', secondaries: [], strategy: 'side-by-side', ringMs: 30_000 },
    ...{ hears: { ringback: null, tone: null }, noAnswer: null },
    ...settings,
  }
}

export interface Site {
  readonly users?: readonly RoutedUser[]
  readonly groups?: readonly RoutedGroup[]
  readonly subscribers?: readonly RoutedSubscriber[]
  readonly trunks?: readonly Trunk[]
  readonly routes?: RoutingConfig['routes']
  readonly block?: RoutingConfig['block']
}

export function tableOf({
  users = [],
  groups = [],
  subscribers = [],
  trunks = [],
  routes = [],
  block = { patterns: [] },
}: Site): RoutingTable {
  return routingTable({
    users: new Map(users.map((each) => [each.name, each])),
    clients: user('any client'),
    groups: new Map(groups.map((each) => [each.name, each])),
    subscribers: new Map(subscribers.map((each) => [each.number, each])),
    trunks,
    routes,
    block,
  })
}
