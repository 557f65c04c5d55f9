import type { GatewayOptions } from '../adapters/drachtio/gateway.js'
import type { Listener, SipConfig } from '../config/index.js'
import { type ListenOptions, type SipServer, startSipServer } from '../embedded/sip/index.js'
import type { Log } from '../ports/log.js'
import type { ListeningPoint } from '../ports/signaling.js'
import type { CallSettings } from '../runtime/services.js'
import { version } from '../version.js'

export interface Sip {
  /** Undefined where drachtio servers of the operator's serve instead. */
  readonly server: SipServer | undefined
  readonly gateways: readonly GatewayOptions[]
}

/** Starts the embedded SIP server, or names the drachtio servers that are configured instead. */
export async function startSip(sip: SipConfig, log: Log): Promise<Sip> {
  if (sip.engine === 'drachtio') return { server: undefined, gateways: sip.servers }
  const advertise = sip.advertise === undefined ? {} : { advertise: { host: sip.advertise } }
  const server = await startSipServer({
    listen: sip.listen.map((one) => ({ ...listenOptions(one), ...advertise })),
    timers: { minSessionExpires: sip.minSe / 1000 },
    onFault: ({ where, error }) => log.error({ err: error, where }, 'a fault in the SIP server'),
  })
  return { server, gateways: [{ name: 'embedded', ...server.control }] }
}

function listenOptions(one: Listener): ListenOptions {
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

/** What is open in the embedded server. */
export function sipGauges(
  server: SipServer,
): () => { transactions: number; dialogs: number; timers: number; connections: number } {
  return () => {
    const { transactions, dialogs, timers, connections } = server.stats()
    return { transactions: transactions.client + transactions.server, dialogs, timers, connections }
  }
}

/**
 * @param points where SIP is listened for, as far as it is known by then
 * @param api base URL of the client API, as far as it is known by then
 * @param country whose tones those hear who came by no trunk
 */
export function callSettings(
  sip: SipConfig,
  points: () => readonly ListeningPoint[],
  api: () => string,
  country: string,
): CallSettings {
  return {
    domain: sip.domain,
    country,
    get api() {
      return api()
    },
    get edge() {
      return edgeOf(sip, points())
    },
    sessionExpires: sip.sessionExpires / 1000,
    minSe: sip.minSe / 1000,
    userAgent: `Reveille/${version}`,
  }
}

/** Where a woken app would rather register: a connection is known when it closes, and TLS hides what is said. */
const EDGES: readonly string[] = ['tls', 'tcp', 'udp', 'wss', 'ws']

/** The domain is to resolve to a server of ours where none has said yet where it listens (RFC 3263). */
function edgeOf(sip: SipConfig, points: readonly ListeningPoint[]): string {
  const [point] = [...points].sort((a, b) => EDGES.indexOf(a.protocol) - EDGES.indexOf(b.protocol))
  if (point === undefined) return `sip:${sip.domain}`
  const host = (sip.engine === 'embedded' ? sip.advertise : undefined) ?? point.host
  return `sip:${host.includes(':') ? `[${host}]` : host}:${point.port};transport=${point.protocol}`
}
