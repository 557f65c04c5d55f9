import { once } from 'node:events'
import { connect, createServer, type ConnectionOptions, type TlsOptions, type TLSSocket } from 'node:tls'
import { sipPem } from '../../../support/sip/identity.js'
import { TcpPeer } from './peer.js'

export class TlsPeer extends TcpPeer {
  override readonly protocol = 'tls'

  private constructor(private readonly secure: TLSSocket) {
    super(secure)
  }

  /** Rejects where the handshake fails. */
  static override async open(
    server: { host: string; port: number },
    options: ConnectionOptions = {},
  ): Promise<TlsPeer> {
    const socket = connect({ ...server, servername: 'localhost', ca: sipPem.ca, ...options })
    await once(socket, 'secureConnect')
    return new TlsPeer(socket)
  }

  /** Waits for somebody to connect to a port of this peer. */
  static async listenTls(options: TlsOptions = sipPem): Promise<TlsListener> {
    const listener = createServer(options)
    const names: unknown[] = []
    let failed = 0
    listener.on('tlsClientError', () => failed++)
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const accepted = once(listener, 'secureConnection').then(([socket]) => {
      names.push((socket as TLSSocket & { servername: unknown }).servername)
      return new TlsPeer(socket as TLSSocket)
    })
    const address = listener.address()
    return {
      port: typeof address === 'object' && address ? address.port : 0,
      accepted,
      names,
      failures: () => failed,
      close: () => listener.close(),
    }
  }

  /** The common name of the certificate that the other side showed. */
  get shown(): string {
    const { CN } = this.secure.getPeerCertificate().subject
    return String(CN)
  }
}

export interface TlsListener {
  readonly port: number
  readonly accepted: Promise<TlsPeer>
  /** Server names that clients asked for (RFC 6066 §3). */
  readonly names: readonly unknown[]
  /** Handshakes that failed. */
  failures(): number
  close(): void
}
