import type { ListeningPoint } from '../ports/signaling.js'
import type { GatewayCandidate } from './choose-gateway.js'
import type { Costs, Region } from './costs.js'

export interface Edge extends GatewayCandidate {
  /** Where it takes SIP, as far as it is known by then. */
  readonly listening: readonly ListeningPoint[]
  /** The host that it is reached at, where it is not the one that it listens on. */
  readonly advertise?: string
}

/** Where a woken app would rather register: a connection is known when it closes, and TLS hides what is said. */
const PROTOCOLS: readonly string[] = ['tls', 'tcp', 'udp', 'wss', 'ws']

/**
 * SIP URI that an app of a region is to register on: the edge of that region while it is up, else the one that is up
 * and costs the least from there. Undefined where none has said yet where it listens.
 */
export function edgeFor(region: Region, edges: readonly Edge[], costs: Costs): string | undefined {
  const known = edges.filter(({ listening }) => listening.length > 0)
  const ranks = known.map((edge) => [Number(!edge.up), costs.toServer(region, edge.region)] as const)
  const [least] = [...ranks].sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const points = known
    .filter((_, n) => ranks[n]?.[0] === least?.[0] && ranks[n]?.[1] === least?.[1])
    .flatMap(({ listening, advertise }) =>
      listening.map((point) => ({ ...point, host: advertise ?? point.host })),
    )
    .sort((a, b) => PROTOCOLS.indexOf(a.protocol) - PROTOCOLS.indexOf(b.protocol))
  return points[0] === undefined ? undefined : uriOf(points[0])
}

function uriOf({ protocol, host, port }: ListeningPoint): string {
  return `sip:${host.includes(':') ? `[${host}]` : host}:${port};transport=${protocol}`
}
