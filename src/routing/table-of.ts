import { type BlockList, isIPv4, isIPv6 } from 'node:net'
import type { RouteTarget } from '../call/plan.js'
import { isBlocked } from './dialled.js'
import { networkList } from './network-list.js'
import { matchesPattern, plainNumber } from './numbers.js'
import type { RoutingConfig, RoutingTable, Trunk } from './table.js'

export function routingTable(config: RoutingConfig): RoutingTable {
  const owners = new Map<string, RouteTarget>(didsOfOne(config.subscribers))
  for (const { name, numbers } of config.groups.values()) {
    for (const number of numbers) owners.set(plainNumber(number), { kind: 'group', group: name })
  }
  for (const { name, numbers } of config.users.values()) {
    for (const number of numbers) owners.set(plainNumber(number), { kind: 'user', user: name })
  }
  const named = (name: string): RouteTarget | undefined => {
    if (config.users.has(name)) return { kind: 'user', user: name }
    return config.groups.has(name) ? { kind: 'group', group: name } : undefined
  }
  const networks = config.trunks.map((trunk) => ({ trunk, list: networkList(trunk.match) }))
  return {
    user: (name) => config.users.get(name),
    client: (name) => config.users.get(name) ?? { ...config.clients, name, numbers: [] },
    group: (name) => config.groups.get(name),
    subscriber: (number) => config.subscribers.get(number),
    inside: (called) =>
      owners.get(plainNumber(called)) ??
      named(called) ??
      config.routes.find(({ match }) => /\d/.test(match) && matchesPattern(match, called))?.to,
    number: (called) =>
      owners.get(plainNumber(called)) ??
      named(called) ??
      config.routes.find((route) => matchesPattern(route.match, called))?.to,
    blocked: (number) => isBlocked(config.block.patterns, config.block.country, number),
    trunk: (name) => config.trunks.find((t) => t.name === name),
    trunkOf: (address) => trunkOf(networks, address),
  }
}

/** Whose a call to a shared DID is, only the INVITE itself may say. */
function didsOfOne(subscribers: RoutingConfig['subscribers']): readonly (readonly [string, RouteTarget])[] {
  const all = [...subscribers.values()]
  return all
    .filter(({ did }) => all.filter((other) => other.did === did).length === 1)
    .map(({ did, number }) => [plainNumber(did), { kind: 'subscriber', number, devices: true }])
}

/** The first trunk whose networks hold the address wins. An IPv4 address may come mapped into IPv6. */
function trunkOf(networks: readonly { trunk: Trunk; list: BlockList }[], address: string): Trunk | undefined {
  const bare = address.replace(/^::ffff:(?=\d+\.)/, '')
  const family = isIPv4(bare) ? 'ipv4' : isIPv6(bare) ? 'ipv6' : undefined
  if (family === undefined) return undefined
  return networks.find(({ list }) => list.check(bare, family))?.trunk
}
