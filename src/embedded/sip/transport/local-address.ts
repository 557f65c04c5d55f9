import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import type { ListeningPoint } from './transport.js'

export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === ''
}

/** Addresses that are of use only inside one site (RFC 1918). */
export function isPrivateIPv4(host: string): boolean {
  const match = /^([0-9]{1,3})\.([0-9]{1,3})\.[0-9]{1,3}\.[0-9]{1,3}$/.exec(host)
  if (!match) return false
  const first = Number(match[1])
  const second = Number(match[2])
  return first === 10 || (first === 172 && second >= 16 && second <= 31) || (first === 192 && second === 168)
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === 'localhost'
}

/** The address and port that a peer at `remote` reaches a listening point by: for Via, Contact, Record-Route. */
export function advertisedAddress(point: ListeningPoint, remote: string): { host: string; port: number } {
  const port = point.advertise?.port ?? point.port
  if (point.advertise) return { host: point.advertise.host, port }
  if (!isWildcard(point.host)) return { host: point.host, port }
  return { host: interfaceAddress(remote, isIPv6(point.host) && !isIPv4(remote)), port }
}

/** The listening point of a protocol from which `remote` is best reached. */
export function pickPoint(points: readonly ListeningPoint[], remote: string): ListeningPoint | undefined {
  const family = isIP(remote)
  const own = points.filter((point) => isIP(point.host) === family || isIP(point.host) === 0 || family === 0)
  // On Linux and others `::` is bound for IPv4 too.
  const usable = own.length > 0 ? own : points.filter(({ host }) => family === 4 && host === '::')
  if (usable.length === 1) return usable[0]
  const loopback = isLoopback(remote)
  return (
    usable.find(
      (point) => loopback === isLoopback(point.host) && !isWildcard(point.host) && onLink(point.host, remote),
    ) ??
    usable.find((point) => isWildcard(point.host)) ??
    usable.find((point) => loopback === isLoopback(point.host)) ??
    usable[0]
  )
}

const INTERFACES_MS = 5_000
let known: Known = { until: 0, infos: [], best: new Map() }

interface Known {
  readonly until: number
  readonly infos: NetworkInterfaceInfo[]
  /** Which address each remote one reaches this machine by. */
  readonly best: Map<string, string>
}

/** Peers that are remembered at most: an address is a few dozen bytes. */
const MOST_REMOTES = 10_000

/** Asked for with every Via and Contact of a server that listens on a wildcard. */
function interfaceAddress(remote: string, v6: boolean): string {
  const infos = interfaces()
  const key = v6 ? `6${remote}` : remote
  const found = known.best.get(key) ?? bestAddress(infos, remote, v6)
  if (known.best.size < MOST_REMOTES) known.best.set(key, found)
  return found
}

/** The machine's addresses; asked for again every few seconds, for asking is slow and answers rarely change. */
function interfaces(): NetworkInterfaceInfo[] {
  const now = Date.now()
  if (now >= known.until) {
    const infos = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    known = { until: now + INTERFACES_MS, infos, best: new Map() }
  }
  return known.infos
}

function bestAddress(infos: NetworkInterfaceInfo[], remote: string, v6: boolean): string {
  const family = infos.filter((info) => (info.family === 'IPv6') === v6)
  const best =
    family.find((info) => inSubnet(info, remote)) ?? family.find((info) => !info.internal) ?? family[0]
  return best?.address ?? (v6 ? '::1' : '127.0.0.1')
}

function onLink(local: string, remote: string): boolean {
  return interfaces().some((info) => info.address === local && inSubnet(info, remote))
}

function inSubnet(info: NetworkInterfaceInfo, remote: string): boolean {
  const version = isIP(remote)
  if (version === 0 || info.cidr === null) return false
  const prefix = Number(info.cidr.slice(info.cidr.indexOf('/') + 1))
  const subnet = new BlockList()
  subnet.addSubnet(info.address, prefix, info.family === 'IPv6' ? 'ipv6' : 'ipv4')
  return subnet.check(remote, version === 6 ? 'ipv6' : 'ipv4')
}
