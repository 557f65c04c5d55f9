import type { RemoteInfo } from 'node:dgram'
import { looksLikeRtcp } from '../rtp/packet.js'
import type { RemoteSecurity } from '../sdp/security.js'
import { SrtpOpener, SrtpSealer } from '../srtp/session.js'
import type { MediaSocket } from '../sockets.js'
import type { MediaTransport, TransportHandlers } from '../transport.js'
import { DtlsServer, type Identity, type SrtpKeys } from './dtls/index.js'
import { IceLite, type IceCredentials } from './ice.js'
import { looksLikeStun } from './stun.js'

export interface WebrtcContext {
  identity: Identity
  credentials: IceCredentials
  /** @returns what cancels it */
  after(ms: number, run: () => void): () => void
}

/** Datagrams of a handshake that began before the peer's description was here. A flight has four at most. */
const MAX_EARLY = 4

/** RFC 7983 §7. */
function looksLikeDtls(packet: Uint8Array): boolean {
  return packet[0]! >= 20 && packet[0]! <= 63
}

/**
 * RTP and RTCP on one port, by the path that ICE finds, under the keys that DTLS makes. Whom packets are addressed to
 * is of no account: they go where the peer wants them, and nowhere before it has proven who it is.
 */
export class WebrtcTransport implements MediaTransport {
  readonly #context: WebrtcContext
  readonly #socket: MediaSocket
  readonly #ice: IceLite
  #handlers: TransportHandlers | undefined
  #credentials: IceCredentials
  #dtls: DtlsServer | undefined
  /** The peer's, of its last description. */
  #fragment: string | undefined
  #early: Buffer[] = []
  #keys: { seal: SrtpSealer; open: SrtpOpener } | undefined

  constructor(socket: MediaSocket, context: WebrtcContext) {
    this.#socket = socket
    this.#context = context
    this.#credentials = context.credentials
    this.#ice = new IceLite(context.credentials, (packet, to) =>
      this.#socket.send(packet, to.port, to.address),
    )
  }

  listen(handlers: TransportHandlers): void {
    this.#handlers = handlers
    this.#socket.use({
      received: (packet, from) => this.#receive(packet, from),
      failed: () => handlers.sendFailed(),
    })
  }

  get ready(): boolean {
    return this.#keys !== undefined
  }

  get timers(): number {
    return this.#dtls?.timers ?? 0
  }

  /**
   * What the peer's description says, and ours to it: from then on it can prove who it is. Where that failed, or it
   * left, it may come anew when it looks for paths anew (RFC 8842 §3.3).
   */
  secure(remote: RemoteSecurity, credentials: IceCredentials): void {
    if (credentials.fragment !== this.#credentials.fragment) this.#ice.restart(credentials)
    this.#credentials = credentials
    this.#ice.expect(remote.fragment)
    const anew = remote.fragment !== this.#fragment
    this.#fragment = remote.fragment
    if (this.#dtls && !(this.#dtls.over && anew)) return
    this.#dtls = new DtlsServer({
      identity: this.#context.identity,
      fingerprints: remote.fingerprints,
      send: (datagram) => this.#sendOut(datagram),
      after: (ms, run) => this.#context.after(ms, run),
      connected: ({ ours, theirs }) => this.#useKeys(ours, theirs),
      left: () => {
        this.#keys = undefined
        this.#handlers?.peerLeft()
      },
      // A peer without keys is one that is never heard: its silence ends the call.
      failed: () => this.#handlers?.packetRefused(),
    })
    for (const datagram of this.#early.splice(0)) this.#dtls.receive(datagram)
  }

  #useKeys(ours: SrtpKeys, theirs: SrtpKeys): void {
    this.#keys = { seal: new SrtpSealer(ours), open: new SrtpOpener(theirs) }
  }

  #receive(packet: Buffer, from: RemoteInfo): void {
    if (looksLikeStun(packet)) {
      if (!this.#ice.receive(packet, from)) this.#handlers?.packetRefused()
    } else if (!this.#ice.isProven(from)) this.#handlers?.packetRefused()
    else if (looksLikeDtls(packet)) this.#receiveDtls(packet)
    else this.#receiveMedia(packet, from)
  }

  #receiveDtls(packet: Buffer): void {
    if (this.#dtls) this.#dtls.receive(packet)
    else if (this.#early.length < MAX_EARLY) this.#early.push(packet)
  }

  #receiveMedia(packet: Buffer, from: RemoteInfo): void {
    if (packet.length < 2 || !this.#keys) {
      this.#handlers?.packetRefused()
      return
    }
    if (looksLikeRtcp(packet)) {
      const opened = this.#keys.open.openRtcp(packet)
      if (opened) this.#handlers?.receiveRtcp(opened, from)
      else this.#handlers?.packetRefused()
      return
    }
    const opened = this.#keys.open.openRtp(packet)
    if (opened) this.#handlers?.receiveRtp(opened, from)
    else this.#handlers?.packetRefused()
  }

  /** RTP, or RTCP on the same port. */
  sendRtp(packet: Uint8Array): void {
    if (!this.#keys) return
    if (looksLikeRtcp(packet)) return this.sendRtcp(packet)
    const sealed = this.#keys.seal.sealRtp(packet)
    if (sealed) this.#sendOut(sealed)
  }

  sendRtcp(packet: Uint8Array): void {
    if (this.#keys) this.#sendOut(this.#keys.seal.sealRtcp(packet))
  }

  #sendOut(packet: Uint8Array): void {
    const to = this.#ice.path
    if (to) this.#socket.send(packet, to.port, to.address)
  }

  close(): void {
    this.#dtls?.close()
    this.#keys = undefined
    this.#socket.rest()
  }
}
