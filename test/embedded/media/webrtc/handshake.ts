import { X509Certificate, createHash } from 'node:crypto'
import {
  CipherContext,
  DtlsClient,
  HashAlgorithm,
  NamedCurveAlgorithm,
  ProtectionProfileAes128CmHmacSha1_80,
  SignatureAlgorithm,
  type Transport,
} from 'werift'
import {
  createIdentity,
  DtlsServer,
  type SrtpKeys,
} from '../../../../src/embedded/media/webrtc/dtls/index.js'

export type Certificate = Awaited<ReturnType<typeof CipherContext.createSelfSignedCertificateWithKey>>

/** Of a client, by a stack that is not ours. */
export function createCertificate(): Promise<Certificate> {
  return CipherContext.createSelfSignedCertificateWithKey(
    { signature: SignatureAlgorithm.ecdsa_3, hash: HashAlgorithm.sha256_4 },
    NamedCurveAlgorithm.secp256r1_23,
  )
}

export function fingerprintOf({ certPem }: Pick<Certificate, 'certPem'>): string {
  const hex = createHash('sha256').update(new X509Certificate(certPem).raw).digest('hex')
  return `sha-256 ${(hex.match(/../g) ?? []).join(':')}`
}

export interface HandshakeOptions {
  /** What the client shows. */
  certificate: Certificate
  /** What it signs with; the key of its certificate by default. */
  key?: string
  /** What the server was told; by default the truth. */
  fingerprint?: string
  extendedMasterSecret?: boolean
  srtp?: boolean
  /** What becomes of a datagram to the server; default: it arrives. */
  toServer?: (datagram: Buffer, count: number) => readonly Buffer[]
  toClient?: (datagram: Buffer, count: number) => readonly Buffer[]
}

/** One handshake of our server with a client of another stack, over a link that the test makes bad. */
export class Handshake {
  readonly server: DtlsServer
  readonly client: DtlsClient
  /** To the client, as far as it got. */
  readonly sent: Buffer[] = []
  /** Datagrams that the server sent, those that got lost among them. */
  written = 0
  /** What the server waits for, and how long, ms. */
  timer: { readonly ms: number; readonly run: () => void } | undefined
  readonly outcome: Promise<{ ours: SrtpKeys; theirs: SrtpKeys } | { failed: string }>
  private readonly counts = { server: 0, client: 0 }

  constructor(private readonly options: HandshakeOptions) {
    let settle: (outcome: Awaited<Handshake['outcome']>) => void = () => undefined
    this.outcome = new Promise((resolve) => (settle = resolve))
    this.server = new DtlsServer({
      identity: createIdentity(),
      fingerprints: [options.fingerprint ?? fingerprintOf(options.certificate)],
      send: (datagram) => {
        this.written += 1
        this.deliver('client', datagram)
      },
      after: (ms, run) => {
        const fire = () => {
          this.timer = undefined
          run()
        }
        this.timer = { ms, run: fire }
        return () => (this.timer = undefined)
      },
      connected: (keys) => settle(keys),
      left: () => undefined,
      failed: (error) => settle({ failed: error.message }),
    })
    const { certPem, keyPem, signatureHash } = options.certificate
    this.client = new DtlsClient({
      cert: certPem,
      key: options.key ?? keyPem,
      signatureHash,
      extendedMasterSecret: options.extendedMasterSecret ?? true,
      srtpProfiles: options.srtp === false ? [] : [ProtectionProfileAes128CmHmacSha1_80],
      transport: this.transport(),
    })
  }

  /** The client begins. What becomes of it is told by `outcome`. */
  begin(): void {
    // It repeats itself for half a minute after its test is over, to nobody.
    this.client.connect().catch(() => undefined)
  }

  private transport(): Transport {
    return {
      type: 'test',
      address: { address: '192.0.2.1', family: 'IPv4', port: 1 },
      closed: false,
      onData: () => undefined,
      send: (datagram) => {
        this.deliver('server', datagram)
        return Promise.resolve()
      },
      close: () => Promise.resolve(),
    }
  }

  private deliver(to: 'server' | 'client', datagram: Buffer): void {
    const { toServer, toClient } = this.options
    const arriving = (to === 'server' ? toServer : toClient)?.(datagram, this.counts[to]++) ?? [datagram]
    for (const each of arriving) {
      setImmediate(() => {
        if (to === 'server') this.server.receive(each)
        else {
          this.sent.push(each)
          this.client.transport.socket.onData(each, ['192.0.2.1', 1])
        }
      })
    }
  }
}
