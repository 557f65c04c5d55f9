import { isIP } from 'node:net'
import { hostPort, parseUri } from '../message/uri.js'
import { advertisedAddress, isWildcard, pickPoint } from './local-address.js'
import { defaultPort, targetOf, type Resolver, type Target } from './resolve.js'
import type { Endpoint, Flow, ListeningPoint, Protocol } from './transport.js'
import { UnreachableFlow } from './unreachable-flow.js'
import { oneText } from '../one-text.js'

/**
 * The connections that a URI may mean by its transport, besides those of that very name. Apps know a WebSocket
 * connection as TCP, as they do of drachtio-server, and clients say `ws` with TLS beneath and without.
 */
const CARRIED_BY: Readonly<Record<string, readonly Protocol[]>> = {
  udp: ['udp'],
  tcp: ['tcp', 'ws', 'wss'],
  tls: ['tls'],
  ws: ['ws', 'wss'],
  wss: ['wss'],
}

/** All listening points, and the way from a URI to a flow. */
export class Transports {
  constructor(
    readonly points: readonly ListeningPoint[],
    private readonly resolver: Resolver,
  ) {}

  get connections(): number {
    return this.points.reduce((sum, point) => sum + point.connections, 0)
  }

  /**
   * The flow to the next hop that a URI names; a promise where a name must be looked up first. It never
   * rejects: where nothing is found, the flow is one on which every send fails. Undefined where the URI is not
   * a SIP URI, or asks for a transport that nothing listens on.
   */
  flowTo(uri: string, preferred?: ListeningPoint): Flow | Promise<Flow> | undefined {
    const target = targetOf(uri)
    const carriers = target ? this.carriers(target.protocol, preferred) : []
    const [first] = carriers
    if (!target || !first) return undefined
    const lost = unreachable(first, target)
    // Names of WebSocket clients are made up (RFC 7118 appendix B): nothing is found by looking them up.
    if (isWebSocket(first) && isIP(target.host) === 0) return lost
    const endpoint = this.resolver.resolve(target)
    const open = (found: Endpoint): Flow => openAmong(carriers, target, found, preferred) ?? lost
    return endpoint instanceof Promise ? endpoint.then(open, () => lost) : open(endpoint)
  }

  /** The way back to where a request came from, by what its Via says. Undefined where nothing listens so. */
  backTo(protocol: string, remote: Endpoint): Flow | undefined {
    const points = this.points.filter((point) => point.protocol === protocol)
    return knownAmong(points, remote) ?? points[0]?.flowTo(remote)
  }

  /** Whether a URI names one of the addresses listened on. */
  isOwn(uri: string): boolean {
    const parsed = parseUri(uri)
    const target = targetOf(uri)
    if (!parsed || !target) return false
    const port = parsed.port ?? defaultPort(target.protocol)
    return this.points.some((point) => {
      const shown = advertisedAddress(point, parsed.host)
      return (
        (port === point.port &&
          (parsed.host === point.host || (parsed.host === 'localhost' && isLocal(point)))) ||
        (port === shown.port && parsed.host === shown.host.toLowerCase())
      )
    })
  }

  /** A Contact value for a peer reached on that flow. */
  contact(flow: Flow): string {
    const { host, port } = advertisedAddress(flow.point, flow.remote.address)
    const transport = flow.point.protocol === 'udp' ? '' : `;transport=${flow.point.protocol}`
    // Dialogs keep it.
    return oneText('', '<sip:', hostPort(host, port), transport, '>')
  }

  /** `protocol/host:port` of every point, as peers see it. */
  hostPorts(): string[] {
    return this.points.map((point) => {
      const { host, port } = advertisedAddress(point, '')
      return `${point.protocol}/${hostPort(host, port)}`
    })
  }

  localHostPorts(): string[] {
    return this.points.map((point) => `${point.protocol}/${hostPort(point.host, point.port)}`)
  }

  /** The points that may have a connection for that transport, those of its own name first. */
  private carriers(protocol: string, preferred?: ListeningPoint): ListeningPoint[] {
    const names = CARRIED_BY[protocol] ?? []
    const carriers = names.flatMap((name) => this.points.filter((point) => point.protocol === name))
    if (!preferred || !carriers.includes(preferred)) return carriers
    return [preferred, ...carriers.filter((point) => point !== preferred)]
  }
}

/** The connection to that address, or a new one of the very transport that was asked for. */
function openAmong(
  carriers: readonly ListeningPoint[],
  target: Target,
  endpoint: Endpoint,
  preferred?: ListeningPoint,
): Flow | undefined {
  const remote = isIP(target.host) === 0 ? { ...endpoint, name: target.host } : endpoint
  const own = carriers.filter((point) => point.protocol === target.protocol)
  const point = own.find((one) => one === preferred) ?? pickPoint(own, endpoint.address)
  return knownAmong(carriers, remote) ?? point?.flowTo(remote)
}

function knownAmong(points: readonly ListeningPoint[], remote: Endpoint): Flow | undefined {
  for (const point of points) {
    const known = point.known(remote)
    if (known) return known
  }
  return undefined
}

function unreachable(point: ListeningPoint, { host, port, protocol }: Target): Flow {
  const remote = { address: host, port: port ?? defaultPort(protocol) }
  return new UnreachableFlow(point, remote, `no way to ${host} over ${protocol}`)
}

function isWebSocket(point: ListeningPoint): boolean {
  return point.protocol === 'ws' || point.protocol === 'wss'
}

function isLocal(point: ListeningPoint): boolean {
  return isWildcard(point.host) || point.host.startsWith('127.') || point.host === '::1'
}
