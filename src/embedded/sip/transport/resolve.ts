import { lookup, resolveSrv } from 'node:dns/promises'
import { isIP } from 'node:net'
import { parseUri } from '../message/uri.js'
import type { NameServices } from '../options.js'
import type { Endpoint } from './transport.js'

/** The next hop that a URI names: protocol, and the address to be found for it. */
export interface Target {
  /** As the URI says: `udp`, `tcp`, `tls`, `ws`, `wss`, …; `udp` where it does not say. */
  readonly protocol: string
  readonly host: string
  readonly port?: number
}

export const systemNames: NameServices = {
  srv: resolveSrv,
  addresses: async (name) =>
    (await lookup(name, { all: true, verbatim: false })).map(({ address }) => address),
}

const CACHE_MS = 30_000
const CACHE_SIZE = 1_000

/** Undefined for anything but a sip: or sips: URI. */
export function targetOf(uri: string): Target | undefined {
  const parsed = parseUri(uri)
  if (!parsed) return undefined
  const transport = parsed.params.get('transport')?.toLowerCase()
  const protocol = parsed.scheme === 'sips' ? secured(transport) : (transport ?? 'udp')
  // RFC 3261 §19.1.1: maddr overrides the host as the address to send to.
  const host = parsed.params.get('maddr') ?? parsed.host
  return { protocol, host, ...(parsed.port !== undefined && { port: parsed.port }) }
}

/** A sips: URI is reached over TLS, whatever is on top of it (RFC 3261 §26.2.2, RFC 7118 §5). */
function secured(transport: string | undefined): string {
  return transport === 'ws' || transport === 'wss' ? 'wss' : 'tls'
}

/** Where a URI names no port (RFC 3261 §19.1.2, RFC 7118 §5). */
export function defaultPort(protocol: string): number {
  switch (protocol) {
    case 'tls':
      return 5061
    case 'ws':
      return 80
    case 'wss':
      return 443
    default:
      return 5060
  }
}

/**
 * Finds addresses by RFC 3263 §4.2: a number as it is, a name with a port by its address records, a name alone
 * by SRV first. Answers at once where no name is involved; names are kept for half a minute, and asked for only
 * once at a time, so that the requests of a dialog leave in the order in which they were given.
 */
export class Resolver {
  private readonly cache = new Map<string, { until: number; endpoint: Endpoint }>()
  private readonly underWay = new Map<string, Promise<Endpoint>>()

  constructor(
    private readonly names: NameServices,
    private readonly deadline: number,
  ) {}

  /** A promise rejects where nothing is found in time. */
  resolve(target: Target): Endpoint | Promise<Endpoint> {
    const port = target.port ?? defaultPort(target.protocol)
    if (isIP(target.host) !== 0) return { address: target.host, port }
    if (target.host === 'localhost') return { address: '127.0.0.1', port }
    const key = `${target.protocol} ${target.host} ${target.port ?? ''}`
    const known = this.cache.get(key)
    if (known && known.until > Date.now()) return known.endpoint
    const waiting = this.underWay.get(key)
    if (waiting) return waiting
    const asked = this.ask(target)
      .then((endpoint) => this.remember(key, endpoint))
      .finally(() => this.underWay.delete(key))
    this.underWay.set(key, asked)
    return asked
  }

  private remember(key: string, endpoint: Endpoint): Endpoint {
    if (this.cache.size >= CACHE_SIZE) this.cache.clear()
    this.cache.set(key, { until: Date.now() + CACHE_MS, endpoint })
    return endpoint
  }

  private async ask(target: Target): Promise<Endpoint> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no address found for ${target.host} in time`)),
        this.deadline,
      )
      // A lookup alone keeps no process running.
      timer.unref()
    })
    try {
      return await Promise.race([this.lookUp(target), late])
    } finally {
      clearTimeout(timer)
    }
  }

  private async lookUp(target: Target): Promise<Endpoint> {
    const records = target.port === undefined ? await this.services(target) : []
    for (const { name, port } of records) {
      const address = (await this.names.addresses(name).catch(() => []))[0]
      if (address !== undefined) return { address, port }
    }
    const address = (await this.names.addresses(target.host))[0]
    if (address === undefined) throw new Error(`no address for ${target.host}`)
    return { address, port: target.port ?? defaultPort(target.protocol) }
  }

  /** SRV records, best first: lowest priority, and among equals a random one by weight (RFC 2782). */
  private async services(target: Target): Promise<{ name: string; port: number }[]> {
    const prefix = target.protocol === 'tls' ? '_sips._tcp' : `_sip._${target.protocol}`
    // Most names have no SRV record, which the system reports as an error.
    const records = await this.names.srv(`${prefix}.${target.host}`).catch(() => [])
    return records
      .map((record) => ({ record, draw: Math.random() ** (1 / Math.max(record.weight, 0.01)) }))
      .sort((a, b) => a.record.priority - b.record.priority || b.draw - a.draw)
      .map(({ record }) => record)
  }
}
