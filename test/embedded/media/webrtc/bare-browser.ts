import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { DtlsClient, ProtectionProfileAes128CmHmacSha1_80 } from 'werift'
import { encodeRecord } from '../../../../src/embedded/media/webrtc/dtls/records.js'
import { SrtpSealer } from '../../../../src/embedded/media/srtp/session.js'
import { encodeRtp } from '../support/peer.js'
import { check } from './check.js'
import { fingerprintOf, type Certificate } from './handshake.js'

/** A browser that does each step only when it is told to: one socket, and a DTLS client of a stack that is not ours. */
export class BareBrowser {
  readonly #socket: Socket
  readonly #certificate: Certificate
  #port = 0
  #ours = ''
  #theirs = ''
  #password = ''
  #client: DtlsClient | undefined
  #sealer: SrtpSealer | undefined
  #sequence = 0
  /** Past those of the handshake. */
  #records = 100
  /** What came that is neither STUN nor DTLS. */
  media = 0
  /** Handshake datagrams that came. */
  flights = 0
  /** The first that it sent of its last handshake. */
  hello: Buffer = Buffer.alloc(0)
  /** Sealed alerts that came. */
  alerts = 0

  private constructor(socket: Socket, certificate: Certificate) {
    this.#socket = socket
    this.#certificate = certificate
    socket.on('message', (packet) => {
      const first = packet[0] ?? 0
      if (first === 21 && packet[4] === 1) this.alerts += 1
      if (first === 22) this.flights += 1
      if (first > 63) this.media += 1
      else if (first >= 20) this.#client?.transport.socket.onData(packet, ['127.0.0.1', this.#port])
    })
  }

  static async open(certificate: Certificate): Promise<BareBrowser> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new BareBrowser(socket, certificate)
  }

  /** Its offer; another fragment is another generation of ICE. */
  sdp(fragment = 'peer', direction = 'sendrecv'): string {
    const lines = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'm=audio 9 UDP/TLS/RTP/SAVPF 0',
      'c=IN IP4 0.0.0.0',
      `a=ice-ufrag:${fragment}`,
      `a=ice-pwd:${'q'.repeat(24)}`,
      `a=fingerprint:${fingerprintOf(this.#certificate)}`,
      'a=setup:actpass',
      'a=mid:0',
      'a=rtcp-mux',
      `a=${direction}`,
      '',
    ]
    return lines.join('\r\n')
  }

  /** Reads our description. */
  read(sdp: string, fragment = 'peer'): void {
    const value = (pattern: RegExp) => pattern.exec(sdp)?.[1] ?? ''
    this.#port = Number(value(/^m=audio (\d+)/m))
    this.#ours = value(/^a=ice-ufrag:(\S+)/m)
    this.#theirs = fragment
    this.#password = value(/^a=ice-pwd:(\S+)/m)
  }

  send(packet: Uint8Array): void {
    this.#socket.send(packet, this.#port, '127.0.0.1')
  }

  /** Checks the path. @param theirs its half of the user name, by default that of its description */
  check(theirs = this.#theirs): void {
    this.send(check({ user: `${this.#ours}:${theirs}`, password: this.#password, nominates: true }))
  }

  /** Resolves when the handshake is done. */
  async shakeHands(): Promise<void> {
    this.hello = Buffer.alloc(0)
    const { certPem, keyPem, signatureHash } = this.#certificate
    const client = new DtlsClient({
      ...{ cert: certPem, key: keyPem, signatureHash, extendedMasterSecret: true },
      srtpProfiles: [ProtectionProfileAes128CmHmacSha1_80],
      transport: {
        type: 'test',
        address: { address: '127.0.0.1', family: 'IPv4', port: this.#port },
        closed: false,
        onData: () => undefined,
        send: (datagram) => {
          if (this.hello.length === 0) this.hello = datagram
          this.send(datagram)
          return Promise.resolve()
        },
        close: () => Promise.resolve(),
      },
    })
    this.#client = client
    const connected = new Promise<void>((resolve) => client.onConnect.once(resolve))
    client.connect().catch(() => undefined)
    await connected
    const keys = client.extractSessionKeys(16, 14) as Record<'localKey' | 'localSalt', Buffer>
    this.#sealer = new SrtpSealer({ key: keys.localKey, salt: keys.localSalt })
  }

  /** One sealed frame of voice. */
  say(): void {
    const sequence = (this.#sequence += 1)
    const sealed = this.#sealer?.sealRtp(encodeRtp({ sequence, timestamp: sequence * 160 }))
    if (sealed) this.send(sealed)
  }

  /** A sealed alert. @param level 1: a warning, 2: fatal */
  alert(level: 1 | 2, alert: number): void {
    const client = this.#client
    if (!client) throw new Error('an alert before the handshake')
    const header = { type: 21, version: 0xfefd, epoch: 1, sequenceNumber: (this.#records += 1) }
    const content = Buffer.from([level, alert])
    const fragment = client.cipher.cipher.encrypt(client.cipher.sessionType, content, header)
    this.send(encodeRecord({ ...header, sequence: header.sequenceNumber, fragment }))
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }
}
