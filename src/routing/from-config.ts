import type { ClientsConfig, Config, Group, Subscriber, Trunk as TrunkConfig, User } from '../config/index.js'
import type { RoutedGroup, RoutedSubscriber, RoutedUser, RoutingConfig, Trunk } from './table.js'

/** The part of the configuration that routing goes by. */
export function routingConfig({
  users,
  clients,
  groups,
  subscribers,
  trunks,
  routes,
  outgoing: { block: patterns, country },
}: Config): RoutingConfig {
  return {
    users: new Map([...users].map(([name, user]) => [name, routedUser(name, user)])),
    clients: called(clients),
    groups: new Map([...groups].map(([name, group]) => [name, routedGroup(name, group)])),
    subscribers: new Map(
      [...subscribers].map(([number, subscriber]) => [number, routedSubscriber(number, subscriber)]),
    ),
    trunks: [...trunks].map(([name, trunk]) => routedTrunk(name, trunk)),
    routes,
    block: { patterns, ...(country === undefined ? {} : { country }) },
  }
}

function routedUser(name: string, user: User): RoutedUser {
  return { name, numbers: user.numbers, ...called(user) }
}

function called(whom: ClientsConfig): RoutingConfig['clients'] {
  const { ring, grace, secondResponse, late, offerInPush, redirect, when, noAnswer } = whom
  return {
    ...{ late, offerInPush, redirect, when },
    ...{ ringMs: ring, graceMs: grace, secondResponseMs: secondResponse },
    noAnswer: noAnswer ?? null,
  }
}

function routedGroup(name: string, { numbers, members, strategy, ring, noAnswer }: Group): RoutedGroup {
  return {
    ...{ name, numbers, strategy, ringMs: ring, noAnswer: noAnswer ?? null },
    members: members.map((member) => ({ user: member.user, ringMs: member.ring ?? ring })),
  }
}

function routedSubscriber(number: string, subscriber: Subscriber): RoutedSubscriber {
  const { user, did, secondaries, strategy, ring, hears, noAnswer } = subscriber
  return {
    ...{ number, user, did, secondaries, strategy, ringMs: ring, noAnswer: noAnswer ?? null },
    hears: { ringback: hears.ringback ?? null, tone: hears.tone ?? null },
  }
}

function routedTrunk(name: string, trunk: TrunkConfig): Trunk {
  const { match, ringback, tone, accept, trusted, asserts, proxy, username, password, region, presence } =
    trunk
  const credentials = username === undefined || password === undefined ? null : { username, password }
  return {
    name,
    match,
    ringback,
    tone,
    accept,
    trusted,
    asserts,
    proxy: proxy ?? null,
    credentials,
    presence,
    ...(region === undefined ? {} : { region }),
  }
}
