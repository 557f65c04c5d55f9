import { hostPort, parseUri } from '../message/uri.js'
import { advertisedAddress, isWildcard, pickPoint } from './local-address.js'
import { targetOf, type Resolver, type Target } from './resolve.js'
import type { Endpoint, Flow, ListeningPoint } from './transport.js'

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
    if (!target || !this.points.some((point) => point.protocol === target.protocol)) return undefined
    const endpoint = this.resolver.resolve(target)
    if (!(endpoint instanceof Promise)) return this.open(target, endpoint, preferred)
    return endpoint.then(
      (found) => this.open(target, found, preferred) ?? this.unreachable(target),
      () => this.unreachable(target),
    )
  }

  /** Whether a URI names one of the addresses listened on. */
  isOwn(uri: string): boolean {
    const parsed = parseUri(uri)
    if (!parsed) return false
    const port = parsed.port ?? (parsed.scheme === 'sips' ? 5061 : 5060)
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
    return `<sip:${hostPort(host, port)}${transport}>`
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

  private open(target: Target, endpoint: Endpoint, preferred?: ListeningPoint): Flow | undefined {
    if (preferred?.protocol === target.protocol) return preferred.flowTo(endpoint)
    const candidates = this.points.filter((point) => point.protocol === target.protocol)
    return pickPoint(candidates, endpoint.address)?.flowTo(endpoint)
  }

  private unreachable(target: Target): Flow {
    const point = this.points.find(({ protocol }) => protocol === target.protocol)
    if (!point) throw new Error(`no transport for ${target.protocol}`)
    return new UnreachableFlow(point, { address: target.host, port: target.port ?? 5060 })
  }
}

function isLocal(point: ListeningPoint): boolean {
  return isWildcard(point.host) || point.host.startsWith('127.') || point.host === '::1'
}

/** The flow to a name that nobody could resolve. Requests on it fail as those on a refused connection do. */
class UnreachableFlow implements Flow {
  readonly open = false

  constructor(
    readonly point: ListeningPoint,
    readonly remote: Endpoint,
  ) {}

  send(_bytes: Buffer, failed?: (error: Error) => void): void {
    queueMicrotask(() => failed?.(new Error(`${this.remote.address} cannot be resolved`)))
  }

  onClose(): () => void {
    return () => undefined
  }
}
