import { isIP } from 'node:net'
import { checkServerIdentity, connect, createServer, type PeerCertificate, type TLSSocket } from 'node:tls'
import type { ListenOptions } from '../options.js'
import { Certificate } from './certificate.js'
import { listenStream } from './stream-point.js'
import type { Endpoint, ListeningPoint, TransportDeps } from './transport.js'

/**
 * Binds a TLS listening point (RFC 3261 §26). Clients need no certificate; a server that this side connects to
 * must prove to be who its URI names, and is shown this side's own.
 */
export async function listenTls(
  options: Extract<ListenOptions, { protocol: 'tls' }>,
  deps: TransportDeps,
): Promise<ListeningPoint> {
  const certificate = new Certificate(options.tls, deps)
  const server = createServer({ ...certificate.options, handshakeTimeout: deps.limits.connect })
  server.on('tlsClientError', (_error, socket) => {
    deps.events.handshakeFailed()
    socket.destroy()
  })
  certificate.watch((renewed) => server.setSecureContext(renewed))
  const kind = {
    protocol: 'tls',
    server,
    accepted: 'secureConnection',
    opened: 'secureConnect',
    dial: (remote: Endpoint, localAddress: string | undefined) =>
      dial(remote, localAddress, certificate, deps),
    close: () => certificate.stop(),
  } as const
  try {
    return await listenStream(kind, options, deps)
  } catch (error) {
    certificate.stop()
    throw error
  }
}

function dial(
  remote: Endpoint,
  localAddress: string | undefined,
  certificate: Certificate,
  { events }: TransportDeps,
): TLSSocket {
  const { address, port, name } = remote
  const socket = connect({
    host: address,
    port,
    ...(localAddress !== undefined && { localAddress }),
    // RFC 6066 §3: a number is no server name.
    servername: name ?? '',
    secureContext: certificate.context,
    checkServerIdentity: (_host, peer) => identityError(name ?? address, peer),
  })
  socket.once('error', (error) => {
    // A peer that is not who it should be is refused like one that is away; only here is it told which it was.
    if (socket.authorizationError !== null && socket.authorizationError !== undefined) {
      events.fault(`TLS to ${name ?? address}:${port}`, error)
    }
  })
  return socket
}

/** RFC 5922 §7.2: the certificate names the SIP domain as a SIP URI, or as a host. */
function identityError(host: string, peer: PeerCertificate): Error | undefined {
  const error = checkServerIdentity(host, peer)
  const names = isIP(host) === 0 ? (peer.subjectaltname ?? '').toLowerCase().split(', ') : []
  return names.includes(`uri:sip:${host.toLowerCase()}`) ? undefined : error
}
