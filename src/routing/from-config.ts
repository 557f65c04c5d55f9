import type { Config, Trunk as TrunkConfig, User } from '../config/index.js'
import type { RoutedUser, RoutingConfig, Trunk } from './table.js'

/** The part of the configuration that routing goes by. */
export function routingConfig({ users, trunks, routes }: Config): RoutingConfig {
  return {
    users: new Map([...users].map(([name, user]) => [name, routedUser(name, user)])),
    trunks: [...trunks].map(([name, trunk]) => routedTrunk(name, trunk)),
    routes,
  }
}

function routedUser(name: string, { numbers, ring, grace, noAnswer }: User): RoutedUser {
  return { name, numbers, ringMs: ring, graceMs: grace, noAnswer: noAnswer ?? null }
}

function routedTrunk(name: string, trunk: TrunkConfig): Trunk {
  const { match, ringback, tone, trusted, proxy, username, password } = trunk
  const credentials = username === undefined || password === undefined ? null : { username, password }
  return { name, match, ringback, tone, trusted, proxy: proxy ?? null, credentials }
}
