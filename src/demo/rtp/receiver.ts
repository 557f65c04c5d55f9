import { now } from '../clock.js'
import { Waiters } from '../waiting.js'
import { Continuity, type ContinuityReport } from './continuity.js'
import { decodeG711, isG711 } from './g711.js'
import { Hearing } from './hearing.js'
import { parseRtp, type RtpPacket } from './packet.js'
import { DigitReader } from './telephone-event.js'
import type { Address } from '../sip/uri.js'

export interface IncomingCodec {
  readonly name: string
  readonly clockRate: number
}

export interface Received {
  readonly packets: number
  readonly byPayloadType: ReadonlyMap<number, number>
  /** "host:port" of each source, with its packets. */
  readonly bySource: ReadonlyMap<string, number>
  /** Bytes that were no RTP version 2. */
  readonly malformed: number
  readonly rtcp: number
  /** DTMF by telephone-event, in order. */
  readonly digits: string
  readonly continuity: ContinuityReport
  readonly firstAt: number | undefined
  readonly lastAt: number | undefined
}

/** What arrives at one RTP port: counted by payload type and source, listened to, its order checked. */
export class RtpReceiver {
  readonly hearing: Hearing | undefined
  #packets = 0
  #malformed = 0
  #rtcp = 0
  #digits = ''
  #firstAt: number | undefined
  #lastAt: number | undefined
  #codecs: ReadonlyMap<number, IncomingCodec> = new Map()
  readonly #byPayloadType = new Map<number, number>()
  readonly #bySource = new Map<string, number>()
  readonly #continuity = new Continuity()
  readonly #digitReader = new DigitReader()
  readonly #changes = new Waiters<undefined>()
  readonly #packetsIn = new Waiters<RtpPacket>()

  constructor(listens: boolean, tones?: readonly number[]) {
    this.hearing = listens ? new Hearing(tones) : undefined
  }

  /** What the payload types mean that we offered or answered. */
  understand(codecs: ReadonlyMap<number, IncomingCodec>): void {
    this.#codecs = codecs
  }

  receive(bytes: Buffer, source: Address): void {
    const packet = parseRtp(bytes)
    if (packet === undefined) {
      this.#malformed++
      return
    }
    this.#count(packet, source)
    const codec = this.#codecs.get(packet.payloadType)
    if (codec?.name === 'telephone-event') this.#digits += this.#digitReader.read(packet)?.digit ?? ''
    const audio = codec !== undefined && codec.name !== 'telephone-event'
    this.#continuity.receive(packet, audio ? codec.clockRate / 50 : undefined)
    if (codec !== undefined && isG711(codec.name)) this.hearing?.write(decodeG711(codec.name, packet.payload))
    this.#changes.notifyAll(undefined)
    this.#packetsIn.notifyAll(packet)
  }

  /** The next packet that matches, and when it came (milliseconds since the epoch). Rejects with WaitError. */
  async next(
    what: string,
    matches: (packet: RtpPacket) => boolean,
    deadlineMs = 5000,
  ): Promise<{ readonly packet: RtpPacket; readonly at: number }> {
    let at = NaN
    const packet = await this.#packetsIn.wait(what, deadlineMs, (one) => {
      if (!matches(one)) return false
      at = now()
      return true
    })
    return { packet, at }
  }

  receiveRtcp(): void {
    this.#rtcp++
    this.#changes.notifyAll(undefined)
  }

  get received(): Received {
    return {
      packets: this.#packets,
      byPayloadType: this.#byPayloadType,
      bySource: this.#bySource,
      malformed: this.#malformed,
      rtcp: this.#rtcp,
      digits: this.#digits,
      continuity: this.#continuity.report,
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
    }
  }

  /** When what was received satisfies the predicate. Rejects with WaitError after `deadlineMs`. */
  async until(
    what: string,
    satisfied: (received: Received) => boolean,
    deadlineMs = 5000,
  ): Promise<Received> {
    if (!satisfied(this.received)) {
      const progress = (): string => `; received ${this.#packets} packets, digits "${this.#digits}"`
      await this.#changes.wait(what, deadlineMs, () => satisfied(this.received), progress)
    }
    return this.received
  }

  close(): void {
    this.#changes.abandon('the RTP port closed')
    this.#packetsIn.abandon('the RTP port closed')
    this.hearing?.close()
  }

  #count(packet: RtpPacket, source: Address): void {
    this.#packets++
    this.#lastAt = now()
    this.#firstAt ??= this.#lastAt
    increment(this.#byPayloadType, packet.payloadType)
    increment(this.#bySource, `${source.host}:${source.port}`)
  }
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
