import type { RemoteInfo } from 'node:dgram'
import type { RemoteSecurity } from './sdp/security.js'
import type { MediaSocket } from './sockets.js'
import type { IceCredentials } from './webrtc/ice.js'

/** How an endpoint's packets come and go: in the clear, or sealed (`webrtc/`). */
export interface MediaTransport {
  sendRtp(packet: Uint8Array, port: number, address: string): void
  sendRtcp(packet: Uint8Array, port: number, address: string): void
  /** Who is told of what comes in; from now until `close`. */
  listen(handlers: TransportHandlers): void
  /** Told of each agreement, where packets are sealed: the peer's side, and our credentials for ICE. */
  secure?(remote: RemoteSecurity, credentials: IceCredentials): void
  /** Whether anything can be sent. */
  readonly ready: boolean
  /** Live timers. */
  readonly timers: number
  /** Lets go of its sockets, which stay open for the next call. */
  close(): void
}

export interface TransportHandlers {
  receiveRtp(packet: Buffer, from: RemoteInfo): void
  receiveRtcp(packet: Buffer, from: RemoteInfo): void
  /** A packet came that is not the peer's, or cannot be opened. */
  packetRefused(): void
  /** The peer has said that nothing more comes, and wants nothing more (RFC 7675 §5.2). */
  peerLeft(): void
  /** A packet could not be sent. */
  sendFailed(): void
}

/** RTP on one socket and RTCP on the other, as they are. */
export class PlainTransport implements MediaTransport {
  readonly #rtp: MediaSocket
  readonly #rtcp: MediaSocket
  readonly ready = true
  readonly timers = 0

  constructor(rtp: MediaSocket, rtcp: MediaSocket) {
    this.#rtp = rtp
    this.#rtcp = rtcp
  }

  listen(handlers: TransportHandlers): void {
    const failed = () => handlers.sendFailed()
    this.#rtp.use({ received: (packet, from) => handlers.receiveRtp(packet, from), failed })
    this.#rtcp.use({ received: (packet, from) => handlers.receiveRtcp(packet, from), failed })
  }

  sendRtp(packet: Uint8Array, port: number, address: string): void {
    this.#rtp.send(packet, port, address)
  }

  sendRtcp(packet: Uint8Array, port: number, address: string): void {
    this.#rtcp.send(packet, port, address)
  }

  close(): void {
    this.#rtp.rest()
    this.#rtcp.rest()
  }
}
