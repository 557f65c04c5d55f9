import { Delays } from '../delay.js'
import type { Address } from '../sip/uri.js'
import { buildSenderReport } from './packet.js'
import { RtpReceiver, type IncomingCodec, type Received } from './receiver.js'
import { RtpSender, type OutgoingStream } from './sender.js'
import type { Ticker } from './ticker.js'
import { closeSocket, openSocketPair, type SocketPair } from './socket-pair.js'

export interface RtpPeerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined
  /** The tone that it sends, by which the other side knows it; whole Hz. */
  readonly hz: number
  /** Default true; false spares the analysis where only packets count. */
  readonly listens?: boolean | undefined
  /** Which tones it tells from each other, Hz. */
  readonly hears?: readonly number[] | undefined
  /** Of a slow link: how long each packet takes one way, both ways, ms. */
  readonly delayMs?: number | undefined
  /** What frames are sent by; default one that all players share. */
  readonly clock?: Ticker | undefined
}

/** One side of an RTP session on sockets of its own: sends a tone at 20 ms pacing, counts and hears what comes. */
export class RtpPeer {
  readonly receiver: RtpReceiver
  readonly sender: RtpSender
  readonly #delays = new Delays()
  readonly #delayMs: number
  #remote: Address | undefined
  #closing: Promise<void> | undefined

  private constructor(
    readonly host: string,
    private readonly sockets: SocketPair,
    options: RtpPeerOptions,
  ) {
    this.#delayMs = options.delayMs ?? 0
    this.receiver = new RtpReceiver(options.listens ?? true, options.hears)
    this.sender = new RtpSender(options.hz, (bytes) => this.sendRaw(bytes), options.clock)
    sockets.rtp.on('message', (bytes, from) => {
      this.#late(() => this.receiver.receive(bytes, { host: from.address, port: from.port }))
    })
    sockets.rtcp.on('message', () => this.#late(() => this.receiver.receiveRtcp()))
    for (const socket of [sockets.rtp, sockets.rtcp]) socket.on('error', (error) => this.faults.push(error))
  }

  readonly faults: Error[] = []

  /** Rejects where no pair of ports is free. */
  static async open(options: RtpPeerOptions): Promise<RtpPeer> {
    const host = options.host ?? '127.0.0.1'
    return new RtpPeer(host, await openSocketPair(host), options)
  }

  /** The RTP port; RTCP is the next. */
  get port(): number {
    return this.sockets.port
  }

  get received(): Received {
    return this.receiver.received
  }

  understand(codecs: ReadonlyMap<number, IncomingCodec>): void {
    this.receiver.understand(codecs)
  }

  /** Starts to send, or follows a changed address or codec. */
  sendTo(remote: Address, stream: OutgoingStream): void {
    if (this.#closing !== undefined) return
    this.#remote = remote
    this.sender.start(stream)
  }

  stopSending(): void {
    this.sender.stop()
  }

  /** RFC 4733 digits in the stead of the tone; resolves when the last is said. Rejects without telephone-event. */
  sendDigits(digits: string, durationMs?: number): Promise<void> {
    return this.sender.sendDigits(digits, durationMs)
  }

  /** Bytes as they are, to wherever the stream goes. */
  sendRaw(bytes: Buffer): void {
    if (this.#closing !== undefined || this.#remote === undefined) return
    this.#send(this.sockets.rtp, bytes, this.#remote)
  }

  /** One RTCP sender report to the port above the remote RTP port. */
  sendReport(): void {
    if (this.#closing !== undefined || this.#remote === undefined) return
    const { packets, octets, timestamp } = this.sender.sent
    const report = buildSenderReport(this.sender.ssrc, timestamp, packets, octets)
    this.#send(this.sockets.rtcp, report, { ...this.#remote, port: this.#remote.port + 1 })
  }

  /** What was counted and heard stays readable. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  #late(effect: () => void): void {
    this.#delays.after(this.#delayMs, effect)
  }

  #send(socket: SocketPair['rtp'], bytes: Buffer, { host, port }: Address): void {
    this.#late(() => {
      socket.send(bytes, port, host, (error) => {
        if (error) this.faults.push(error)
      })
    })
  }

  async #close(): Promise<void> {
    this.sender.stop()
    this.#delays.clear()
    this.receiver.close()
    await Promise.all([closeSocket(this.sockets.rtp), closeSocket(this.sockets.rtcp)])
  }
}
