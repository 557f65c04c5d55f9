import type { RemoteInfo } from 'node:dgram'
import type { PortPair } from './ports.js'
import type { Terms } from './protocol.js'
import { connect, inboundTable, type Inbound } from './route.js'
import { RtcpSession } from './rtp/control.js'
import { DtmfDetector } from './rtp/dtmf.js'
import { looksLikeRtcp, payloadType } from './rtp/packet.js'
import type { Source } from './rtp/latch.js'
import { RtpReceiver } from './rtp/receiver.js'
import { RtpSender } from './rtp/sender.js'
import { receives, type Agreement } from './sdp/agreement.js'
import { codecName } from './sdp/codecs.js'
import type { Playback, PlaybackEnd } from './tones/playback.js'
import type { Paced } from './tones/scheduler.js'
import type { MediaTransport, TransportHandlers } from './transport.js'
import type { DtmfEvent, EndpointCounters, MediaTimeout } from './types.js'

export interface EndpointContext {
  id: string
  pair: PortPair
  transport: MediaTransport
  terms: Terms
  /** Who sent to our ports just before they were ours, and goes on: peers of a call that is over. */
  strays: { rtp: Source | undefined; rtcp: Source | undefined }
  /** Monotonic, in ms. */
  now(): number
  random32(): number
  ssrc: number
  /** Identifies the endpoint in RTCP and tells nothing else (RFC 7022). */
  cname: string
  onDtmf(event: DtmfEvent): void
}

/** How long a handshake is waited for, with all that is played meanwhile. It takes some 100 ms. */
const HANDSHAKE_MS = 10_000

/** How long the end of the call is waited for, where the peer ended the stream: what says so comes another way. */
const LEAVING_MS = 5000

/** What a packet of voice usually holds (RFC 3551 §4.2). */
const FRAME_MS = 20

/** One side of a call: a port pair, what was agreed on, and what flows between it and the joined side. */
export class MediaEndpoint implements Paced, TransportHandlers {
  readonly id: string
  readonly pair: PortPair
  readonly receiver: RtpReceiver
  readonly sender: RtpSender
  readonly control: RtcpSession
  readonly #context: Omit<EndpointContext, 'terms'>
  #terms: Terms
  readonly #dtmf = new DtmfDetector()
  #peer: MediaEndpoint | undefined
  #playing: { readonly playback: Playback; over(how: PlaybackEnd): void } | undefined
  #agreedAt = 0
  #leftAt: number | undefined
  #timedOutFor: number | undefined
  #dtmfEvents = 0
  #unroutable = 0
  #sendErrors = 0
  /** The last voice that came while there was nobody to pass it to. */
  #held: { readonly packet: Buffer; readonly at: number } | undefined

  constructor(context: EndpointContext) {
    this.#context = context
    this.id = context.id
    this.pair = context.pair
    this.#terms = context.terms
    const { transport, cname } = context
    const proven = context.terms.credentials !== undefined
    this.receiver = new RtpReceiver(proven)
    this.sender = new RtpSender(transport, () => context.random32(), context.ssrc)
    this.control = new RtcpSession(transport, this.sender.output, this.receiver, cname, proven)
    this.#apply(undefined)
    transport.listen(this)
  }

  get agreement(): Agreement | undefined {
    return this.#terms.agreement
  }

  get peer(): MediaEndpoint | undefined {
    return this.#peer
  }

  /** As in `PCMU/8000`. */
  get codec(): string | undefined {
    const voice = this.agreement?.audio[0]
    return voice && codecName(voice.codec)
  }

  /** A new agreement, the first or a later one. */
  agree(terms: Terms): void {
    const before = this.agreement
    this.#terms = terms
    this.#apply(before)
  }

  /** An offer of ours is on its way: what it promises can come from now on. */
  offer(terms: Terms): void {
    this.#terms = terms
    this.receiver.table = inboundTable(this.agreement, terms.offered)
    this.#reconnect()
  }

  #apply(before: Agreement | undefined): void {
    const { agreement, offered, credentials } = this.#terms
    this.receiver.table = inboundTable(agreement, offered)
    this.#shun()
    if (agreement) {
      const moved = hasMoved(before, agreement)
      this.receiver.open = receives(agreement.direction)
      this.receiver.relearn(moved)
      this.sender.configure(agreement, moved)
      this.control.configure(agreement)
      const { security } = agreement.remote
      // From then on it can come anew.
      if (security?.fragment !== before?.remote.security?.fragment) this.#leftAt = undefined
      if (security && credentials) this.#context.transport.secure?.(security, credentials)
      this.#agreedAt = this.#context.now()
    }
    this.#reconnect()
  }

  /** The next call's peer may be at the address of a stray: then its description says so. */
  #shun(): void {
    // Keys prove a peer wherever it is.
    if (this.#terms.credentials !== undefined) return
    const { rtp, rtcp } = this.#context.strays
    const remote = this.agreement?.remote
    this.receiver.latch.shun(isAt(rtp, remote?.address, remote?.port) ? undefined : rtp)
    this.control.latch.shun(isAt(rtcp, remote?.rtcpAddress, remote?.rtcpPort) ? undefined : rtcp)
  }

  #reconnect(): void {
    connect(this.receiver.table, this.#peer?.agreement)
    if (this.#peer) connect(this.#peer.receiver.table, this.agreement)
  }

  /** Passes each side's packets to the other. */
  join(other: MediaEndpoint): void {
    this.#peer = other
    other.#peer = this
    this.#reconnect()
    this.#passHeld(other)
    other.#passHeld(this)
  }

  /** Who is joined hears the frame that is being said, and not only the next one, which may be a whole frame away. */
  #passHeld(peer: MediaEndpoint): void {
    const held = this.#held
    this.#held = undefined
    const now = this.#context.now()
    if (held === undefined || now - held.at > FRAME_MS) return
    const inbound = this.receiver.table[payloadType(held.packet)]
    if (inbound?.route) peer.sender.relay(held.packet, inbound, inbound.route, now)
  }

  unjoin(): MediaEndpoint | undefined {
    const peer = this.#peer
    if (!peer) return undefined
    this.#peer = undefined
    peer.#peer = undefined
    for (const each of [this, peer]) {
      connect(each.receiver.table, undefined)
      each.sender.output.interrupt()
    }
    return peer
  }

  /** Replaces what was played. @param over is told once how it ended */
  play(playback: Playback, over: (how: PlaybackEnd) => void): void {
    this.#endPlayback('stopped')
    this.#playing = { playback, over }
  }

  stop(): void {
    this.#endPlayback('stopped')
  }

  #endPlayback(how: PlaybackEnd): void {
    const playing = this.#playing
    this.#playing = undefined
    this.sender.output.interrupt()
    playing?.over(how)
  }

  /** Time passes also where the peer can be sent nothing: a performance has its end in any case. */
  tick(advance: number, now: number): void {
    const playback = this.#playing?.playback
    if (!playback || this.#handshaking(now)) return
    if (!playback.advance(advance)) {
      this.#endPlayback('finished')
      return
    }
    const { law } = this.sender
    if (law) this.sender.play(playback.frame(law), advance, now)
  }

  /** A peer that has just agreed, and whose keys are not there yet, is to hear a performance from its beginning. */
  #handshaking(now: number): boolean {
    if (this.#leftAt !== undefined) return false
    return !this.#context.transport.ready && now - this.#agreedAt < HANDSHAKE_MS
  }

  receiveRtp(packet: Buffer, from: RemoteInfo): void {
    if (packet.length > 1 && this.agreement?.remote.mux && looksLikeRtcp(packet)) {
      this.receiveRtcp(packet, from)
      return
    }
    const now = this.#context.now()
    const inbound = this.receiver.accept(packet, from, now)
    if (!inbound) return
    this.sender.learn(this.receiver.latch.source)
    if (inbound.event) this.#report(this.#dtmf.receive(packet, inbound.codec.clockRate, now))
    if (this.#peer) this.#pass(packet, inbound, this.#peer, now)
    else if (!inbound.event) this.#held = { packet, at: now }
  }

  #pass(packet: Buffer, inbound: Inbound, peer: MediaEndpoint, now: number): void {
    if (inbound.route) {
      peer.sender.relay(packet, inbound, inbound.route, now)
      return
    }
    this.#unroutable += 1
    peer.sender.output.skip(packet)
  }

  receiveRtcp(packet: Buffer, from: RemoteInfo): void {
    const reports = this.control.accept(packet, from, this.#context.now())
    if (reports && this.#peer) this.#peer.control.relay(reports, this.control)
  }

  /** Timers of its own; those of the engine are not among them. */
  get timers(): number {
    return this.#context.transport.timers
  }

  /** A packet that never got as far as a receiver. */
  packetRefused(): void {
    this.receiver.invalid += 1
  }

  /** Nothing more comes from it, and nothing more is sent to it. */
  peerLeft(): void {
    this.#leftAt = this.#context.now()
  }

  sendFailed(): void {
    this.#sendErrors += 1
  }

  /** To be called now and then. @returns what is to be told of a peer that has fallen silent, once a silence */
  check(timeoutMs: number, now: number): MediaTimeout | undefined {
    this.#report(this.#dtmf.expire(now))
    const { agreement } = this
    const left = this.#leftAt !== undefined
    if (!agreement || !(left || this.receiver.open) || timeoutMs <= 0) return undefined
    const since = this.#leftAt ?? Math.max(this.#agreedAt, this.receiver.lastAt ?? 0)
    const silentMs = now - since
    if (silentMs < (left ? Math.min(LEAVING_MS, timeoutMs) : timeoutMs) || this.#timedOutFor === since)
      return undefined
    this.#timedOutFor = since
    return {
      silentMs: Math.round(silentMs),
      direction: agreement.direction,
      joined: this.#peer !== undefined,
      everReceived: this.receiver.lastAt !== undefined,
    }
  }

  #report(events: DtmfEvent[]): void {
    for (const event of events) {
      this.#dtmfEvents += 1
      this.#context.onDtmf(event)
    }
  }

  counters(): EndpointCounters {
    const { receiver, sender, control } = this
    const { source } = receiver.latch
    return {
      packetsIn: receiver.packets,
      bytesIn: receiver.bytes,
      packetsOut: sender.output.packets,
      bytesOut: sender.bytes,
      relayedOut: sender.relayed,
      silenceIn: receiver.silence,
      lost: receiver.stats.lost,
      jitterMs: receiver.stats.jitterMs,
      invalidIn: receiver.invalid,
      unknownPayloadIn: receiver.unknownPayload,
      foreignIn: receiver.foreign,
      unwantedIn: receiver.unwanted,
      unroutable: this.#unroutable,
      sendErrors: this.#sendErrors,
      rtcpIn: control.packetsIn,
      rtcpOut: control.packetsOut,
      rtcpRefused: control.refused,
      remoteLost: control.remoteLost,
      remoteJitterMs: (control.remoteJitter / (this.agreement?.audio[0]?.codec.clockRate ?? 8000)) * 1000,
      dtmfEvents: this.#dtmfEvents,
      ...(source ? { source: { ...source } } : {}),
    }
  }

  /** Nothing more comes in or goes out. */
  close(): void {
    this.#context.transport.close()
  }
}

function isAt(source: Source | undefined, address: string | undefined, port: number | undefined): boolean {
  return source?.address === address && source?.port === port
}

function hasMoved(before: Agreement | undefined, after: Agreement): boolean {
  const from = before?.remote
  const to = after.remote
  if (!from || from.address === undefined || to.address === undefined) return false
  return from.address !== to.address || from.port !== to.port
}
