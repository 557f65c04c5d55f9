import { isIPv4, isIPv6 } from 'node:net'
import { networkList } from '../../routing/network-list.js'

/** Networks that are no part of the Internet at large (RFC 6890 and its registries, RFC 6598, RFC 5771). */
const SPECIAL_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
]

/** All of IPv6 that is given out as global unicast; within it, what is not reachable as such. */
const GLOBAL_IPV6 = ['2000::/3']
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
/** IPv4 within IPv6: mapped (RFC 4291 §2.5.5.2), and through NAT64 (RFC 6052 §2.1). */
const CARRIES_IPV4 = ['::ffff:0:0/96', '64:ff9b::/96']

export type MayGoTo = (address: string) => boolean

/**
 * Says whether a request may go to an IP address: to public ones, and to those of `allowed` networks.
 *
 * @param allowed single addresses or CIDR networks
 */
export function addressRule(allowed: readonly string[]): MayGoTo {
  const exceptions = networkList(allowed)
  return (address) => {
    if (isIPv4(address)) return exceptions.check(address, 'ipv4') || !special4.check(address, 'ipv4')
    // A scope names an interface: such an address is of the local link.
    if (!isIPv6(address) || address.includes('%')) return false
    if (exceptions.check(address, 'ipv6')) return true
    if (carriers.check(address, 'ipv6')) {
      const inner = innerIpv4(address)
      return exceptions.check(inner, 'ipv4') || !special4.check(inner, 'ipv4')
    }
    return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6')
  }
}

const special4 = networkList(SPECIAL_IPV4)
const global6 = networkList(GLOBAL_IPV6)
const special6 = networkList(SPECIAL_IPV6)
const carriers = networkList(CARRIES_IPV4)

/** The last 32 bits. */
function innerIpv4(address: string): string {
  // The platform's URL parser knows every spelling, and has one for the result.
  const [low = '0', high = '0'] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split(':').reverse()
  const value = (parseInt(high || '0', 16) << 16) | parseInt(low || '0', 16)
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
}
