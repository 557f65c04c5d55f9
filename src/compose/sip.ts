import type { GatewayOptions } from '../adapters/drachtio/gateway.js'
import { createSignaling } from '../adapters/drachtio/signaling.js'
import { createEmbeddedSignaling } from '../adapters/embedded-sip/signaling.js'
import type { Config, Listener, SipConfig } from '../config/index.js'
import {
  type ListenOptions,
  type SipServer,
  type SipServerStats,
  startSipServer,
} from '../embedded/sip/index.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { Signaling, SignalingHandlers } from '../ports/signaling.js'
import type { CallSettings } from '../runtime/services.js'
import { embeddedName } from './media.js'
import { version } from '../version.js'

export interface Sip {
  /** Embedded servers, by the names of their gateways; none where drachtio servers of the operator's serve instead. */
  readonly servers: ReadonlyMap<string, SipServer>
  readonly gateways: readonly Edge[]
  /** The servers that are reached over drachtio's protocol: by the gateways where `servers` has none, else by FreeSWITCH. */
  readonly control: readonly GatewayOptions[]
}

/** A gateway, and the host that it is reached at where it is not the one that it listens on. */
export interface Edge {
  readonly name: string
  readonly region?: string
  readonly advertise?: string
}

export type GatewayEntry = GatewayOptions & Edge

/**
 * Starts the embedded SIP server, and those of regions that have one of their own; or names the drachtio servers that
 * are configured instead. Rejects, with nothing left open, where a port is taken.
 */
export async function startSip(
  { sip, regions, media }: Pick<Config, 'sip' | 'regions' | 'media'>,
  log: Log,
): Promise<Sip> {
  if (sip.engine === 'drachtio') return { servers: new Map(), gateways: sip.servers, control: sip.servers }
  const servers = new Map<string, SipServer>()
  const gateways: Edge[] = []
  const control: GatewayOptions[] = []
  try {
    for (const { name, region, listen, advertise } of embeddedServers(sip, regions)) {
      const server = await startSipServer({
        // The calls to FreeSWITCH are made over it.
        ...(media.engine === 'freeswitch' && { control: {} }),
        listen: listen.map((one) => ({
          ...listenOptions(one),
          ...(advertise === undefined ? {} : { advertise: { host: advertise } }),
        })),
        timers: { minSessionExpires: sip.minSe / 1000 },
        onFault: ({ where, error }) =>
          log.error({ err: error, where, server: name }, 'a fault in the SIP server'),
      })
      servers.set(name, server)
      const place = { name, ...(region === undefined ? {} : { region }) }
      gateways.push({ ...place, ...(advertise === undefined ? {} : { advertise }) })
      if (server.control) control.push({ ...place, ...server.control })
    }
  } catch (error) {
    await Promise.all([...servers.values()].map((server) => server.close()))
    throw error
  }
  return { servers, gateways, control }
}

/** Embedded servers are driven within the process, others over drachtio's protocol. */
export function openSignaling(
  { servers, gateways, control }: Sip,
  handlers: SignalingHandlers,
  clock: Clock,
  log: Log,
): Signaling {
  if (servers.size === 0) return createSignaling(control, handlers, clock, log)
  const embedded = gateways.flatMap(({ name, region }) => {
    const server = servers.get(name)
    return server === undefined ? [] : [{ name, server, ...(region === undefined ? {} : { region }) }]
  })
  return createEmbeddedSignaling(embedded, handlers, log)
}

/** Region of a gateway, by its name. */
export function gatewayRegion({
  sip,
  regions,
}: Pick<Config, 'sip' | 'regions'>): (name: string) => string | undefined {
  const gateways = sip.engine === 'drachtio' ? sip.servers : embeddedServers(sip, regions)
  const known = new Map(gateways.map(({ name, region }) => [name, region]))
  return (name) => known.get(name)
}

/** An embedded SIP server, as it is configured. */
interface EmbeddedServer {
  readonly name: string
  readonly region: string | undefined
  readonly listen: readonly Listener[]
  readonly advertise: string | undefined
}

/** The embedded SIP servers, by the names of their gateways. */
export function embeddedServers(
  { region, listen, advertise }: Extract<SipConfig, { readonly engine: 'embedded' }>,
  regions: Config['regions'],
): readonly EmbeddedServer[] {
  const ofRegions = [...regions].flatMap(([name, own]) =>
    own.listen === undefined
      ? []
      : [{ name: embeddedName(name), region: name, listen: own.listen, advertise: own.advertise }],
  )
  return [{ name: 'embedded', region, listen, advertise }, ...ofRegions]
}

export function listenOptions(one: Listener): ListenOptions {
  switch (one.protocol) {
    case 'udp':
    case 'tcp':
    case 'ws':
      return one
    case 'tls': {
      const { certFile: cert, keyFile: key, caFile: ca, ...place } = one
      return { ...place, tls: { cert, key, ...(ca !== undefined && { ca }) } }
    }
    case 'wss': {
      const { certFile: cert, keyFile: key, ...place } = one
      return { ...place, tls: { cert, key } }
    }
    default:
      return one satisfies never
  }
}

/** What is open in the embedded servers. */
export function sipGauges(
  servers: readonly SipServer[],
): () => { transactions: number; dialogs: number; timers: number; connections: number } {
  return () => {
    const stats = servers.map((server) => server.stats())
    const sum = (of: (one: SipServerStats) => number): number =>
      stats.reduce((total, one) => total + of(one), 0)
    return {
      transactions: sum(({ transactions }) => transactions.client + transactions.server),
      dialogs: sum(({ dialogs }) => dialogs),
      timers: sum(({ timers }) => timers),
      connections: sum(({ connections }) => connections),
    }
  }
}

/**
 * @param api base URL of the client API, as far as it is known by then
 * @param country whose tones those hear who came by no trunk
 */
export function callSettings(sip: SipConfig, api: () => string, country: string): CallSettings {
  return {
    domain: sip.domain,
    country,
    get api() {
      return api()
    },
    sessionExpires: sip.sessionExpires / 1000,
    minSe: sip.minSe / 1000,
    userAgent: `Reveille/${version}`,
  }
}
