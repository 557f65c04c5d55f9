import { isIPv4, isIPv6 } from 'node:net'

/** A CIDR network in one spelling: two texts that stand for one network give equal strings. */
export function canonicalNetwork(text: string): string | undefined {
  const [address = '', bits, ...rest] = text.split('/')
  const size = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : undefined
  if (size === undefined || rest.length > 0) return undefined
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined
  const prefix = bits === undefined ? size : Number(bits)
  if (prefix > size) return undefined
  const host = BigInt(size - prefix)
  const value = size === 32 ? ipv4Value(address) : ipv6Value(address)
  return `${String(size)}:${((value >> host) << host).toString(16)}/${String(prefix)}`
}

function ipv4Value(address: string): bigint {
  return address.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n)
}

function ipv6Value(address: string): bigint {
  // The URL parser of the platform knows every spelling, an IPv4 tail included; it brackets the result.
  const compressed = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = compressed.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const gap = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array.from({ length: gap }, () => '0'), ...groups(tail ?? '')]
  return all.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n)
}
