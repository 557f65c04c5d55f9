import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { Route, RoutingConfig, RoutingTable, Trunk } from './table.js'

export function routingTable(config: RoutingConfig): RoutingTable {
  const owners = new Map<string, string>()
  for (const user of config.users.values()) {
    for (const number of user.numbers) owners.set(plain(number), user.name)
  }
  const networks = config.trunks.map((trunk) => ({ trunk, list: blockList(trunk.match) }))
  return {
    user: (name) => config.users.get(name),
    number: (called) => {
      const owner = owners.get(plain(called)) ?? (config.users.has(called) ? called : undefined)
      if (owner !== undefined) return { kind: 'user', user: owner }
      return config.routes.find((route) => matches(route, called))?.to
    },
    trunk: (name) => config.trunks.find((t) => t.name === name),
    trunkOf: (address) => trunkOf(networks, address),
  }
}

/** `+15550100`, `0015550100` and `15550100` are one number. */
function plain(number: string): string {
  return number.replace(/^(\+|00)/, '')
}

function matches(route: Route, called: string): boolean {
  if (!route.match.endsWith('*')) return plain(route.match) === plain(called)
  return plain(called).startsWith(plain(route.match.slice(0, -1)))
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** The first trunk whose networks hold the address wins. An IPv4 address may come mapped into IPv6. */
function trunkOf(networks: readonly { trunk: Trunk; list: BlockList }[], address: string): Trunk | undefined {
  const bare = address.replace(/^::ffff:(?=\d+\.)/, '')
  const family = isIPv4(bare) ? 'ipv4' : isIPv6(bare) ? 'ipv6' : undefined
  if (family === undefined) return undefined
  return networks.find(({ list }) => list.check(bare, family))?.trunk
}
