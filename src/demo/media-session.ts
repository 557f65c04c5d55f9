import { randomInt } from 'node:crypto'
import { RtpPeer } from './rtp/peer.js'
import type { Ticker } from './rtp/ticker.js'
import {
  answerDirection,
  knownCodecs,
  parseSdp,
  receives,
  sends,
  writeSdp,
  type Codec,
  type CodecName,
  type Direction,
  type Sdp,
} from './sip/sdp.js'

export interface MediaOptions {
  /** In order of preference; default PCMU, PCMA and telephone-event. */
  readonly codecs?: readonly (CodecName | Codec)[] | undefined
  /** The tone of this side. */
  readonly hz?: number | undefined
  /** Default true; false counts packets without listening to them. */
  readonly listens?: boolean | undefined
  /** Which tones it tells from each other, Hz; default those of the telephone networks and of the players. */
  readonly hears?: readonly number[] | undefined
  readonly host?: string | undefined
  /** Of a slow link: how long each packet takes one way, both ways, ms. */
  readonly delayMs?: number | undefined
  /** What frames are sent by; default one that all players share. */
  readonly clock?: Ticker | undefined
}

const usualCodecs: readonly CodecName[] = ['PCMU', 'PCMA', 'telephone-event']

/** Offer and answer (RFC 3264) of one audio stream, and the RTP that follows from them. */
export class MediaSession {
  #direction: Direction = 'sendrecv'
  #version = randomInt(1, 1_000_000)
  #agreed: readonly Codec[] = []
  #remote: Sdp | undefined
  readonly #sessionId = String(randomInt(1, 2 ** 31))

  private constructor(
    readonly rtp: RtpPeer,
    private readonly codecs: readonly Codec[],
  ) {}

  /** Rejects where no RTP ports are free. */
  static async open(options: MediaOptions = {}): Promise<MediaSession> {
    const { host, hz = 1000, listens, hears, delayMs, clock } = options
    const rtp = await RtpPeer.open({ host, hz, listens, hears, delayMs, clock })
    const codecs = (options.codecs ?? usualCodecs).map((c) => (typeof c === 'string' ? knownCodecs[c] : c))
    return new MediaSession(rtp, codecs)
  }

  /** What the other side said last. */
  get remote(): Sdp | undefined {
    return this.#remote
  }

  /** The codec that is sent now. */
  get codec(): Codec | undefined {
    return this.#agreed.find((codec) => codec.name !== 'telephone-event')
  }

  /** Within a session the codecs that were agreed on, before it all of ours. */
  offer(direction: Direction = this.#direction): string {
    this.#direction = direction
    const codecs = this.#agreed.length > 0 ? this.#agreed : this.codecs
    this.rtp.understand(byPayloadType(codecs))
    return this.#write(codecs, direction)
  }

  /** The answer; undefined where the offer has no codec of ours, or is not of plain RTP: 488. */
  answer(offer: string): string | undefined {
    const remote = isPlainRtp(offer) ? parseSdp(offer) : undefined
    const common = remote === undefined ? [] : this.#common(remote)
    if (remote === undefined || !common.some((codec) => codec.name !== 'telephone-event')) return undefined
    this.#remote = remote
    this.#agreed = common
    const direction = answerDirection(remote.direction, 'sendrecv')
    this.#direction = direction
    this.rtp.understand(byPayloadType(common))
    this.#follow(remote, sends(direction))
    return this.#write(common, direction, remote.lines)
  }

  /** The other side's answer to our offer. False where it agrees on nothing. */
  accept(answer: string): boolean {
    const remote = parseSdp(answer)
    if (remote === undefined) return false
    const common = this.#common(remote)
    if (!common.some((codec) => codec.name !== 'telephone-event')) return false
    this.#remote = remote
    this.#agreed = common
    this.#follow(remote, sends(this.#direction) && receives(remote.direction))
    return true
  }

  async close(): Promise<void> {
    await this.rtp.close()
  }

  /** The remote side's codecs that we know, under its payload types and in its order. */
  #common(remote: Sdp): Codec[] {
    return remote.codecs.filter((theirs) =>
      this.codecs.some(
        (ours) =>
          ours.name.toLowerCase() === theirs.name.toLowerCase() && ours.clockRate === theirs.clockRate,
      ),
    )
  }

  #follow(remote: Sdp, sending: boolean): void {
    const { codec } = this
    if (!sending || codec === undefined || remote.remote.port === 0) return this.rtp.stopSending()
    this.rtp.sendTo(remote.remote, {
      codec: codec.name,
      payloadType: codec.payloadType,
      clockRate: codec.clockRate,
      eventType: this.#agreed.find((c) => c.name === 'telephone-event')?.payloadType,
    })
  }

  #write(codecs: readonly Codec[], direction: Direction, offeredLines?: readonly string[]): string {
    return writeSdp({
      local: { host: this.rtp.host, port: this.rtp.port },
      codecs,
      direction,
      sessionId: this.#sessionId,
      version: this.#version++,
      ...(offeredLines === undefined ? {} : { offeredLines }),
    })
  }
}

/** The players seal nothing: SRTP and WebRTC are beyond them. */
function isPlainRtp(sdp: string): boolean {
  return /^m=audio \d+ RTP\/AVPF? /m.test(sdp)
}

function byPayloadType(codecs: readonly Codec[]): Map<number, Codec> {
  return new Map(codecs.map((codec) => [codec.payloadType, codec]))
}
