import { randomInt } from 'node:crypto'
import { buildRtp } from './packet.js'
import { digitPackets, type DigitPacket } from './telephone-event.js'
import { ticker, type Ticker } from './ticker.js'
import { toneFrames } from './tones.js'

export interface OutgoingStream {
  readonly codec: string
  readonly payloadType: number
  readonly clockRate: number
  /** The payload type of telephone-event; undefined where it was not negotiated. */
  readonly eventType: number | undefined
}

interface WaitingDigit {
  readonly packets: DigitPacket[]
  readonly sent: () => void
}

/** Makes one RTP stream: a tone, and digits in its stead while they are sent. One SSRC for its whole life. */
export class RtpSender {
  readonly ssrc = randomInt(2 ** 32)
  #sequence = randomInt(2 ** 16)
  #timestamp = randomInt(2 ** 32)
  #frame = 0
  #packets = 0
  #octets = 0
  #eventTimestamp = 0
  #talking = false
  #stream: OutgoingStream | undefined
  #leave: (() => void) | undefined
  readonly #digits: WaitingDigit[] = []

  constructor(
    private readonly hz: number,
    private readonly transmit: (bytes: Buffer) => void,
    private readonly clock: Ticker = ticker,
  ) {}

  get sent(): { readonly packets: number; readonly octets: number; readonly timestamp: number } {
    return { packets: this.#packets, octets: this.#octets, timestamp: this.#timestamp }
  }

  get sending(): boolean {
    return this.#leave !== undefined
  }

  /** Starts, or goes on with other parameters. */
  start(stream: OutgoingStream): void {
    this.#stream = stream
    if (this.#leave !== undefined) return
    this.#talking = false
    this.#leave = this.clock.add(() => this.#tick())
  }

  stop(): void {
    this.#leave?.()
    this.#leave = undefined
    for (const { sent } of this.#digits.splice(0)) sent()
  }

  /** Resolves when the last packet of the last digit is sent, or the stream stops. Throws without telephone-event. */
  async sendDigits(text: string, durationMs?: number): Promise<void> {
    if (this.#stream?.eventType === undefined || !this.sending) throw new Error('no telephone-event stream')
    const sent = [...text].map(
      (digit) =>
        new Promise<void>((resolve) => {
          this.#digits.push({ packets: digitPackets(digit, durationMs), sent: resolve })
        }),
    )
    await Promise.all(sent)
  }

  #tick(): void {
    const stream = this.#stream
    if (stream === undefined) return
    const digit = this.#digits[0]
    if (digit === undefined) this.#sendTone(stream)
    else this.#sendDigit(stream, digit)
    this.#timestamp = (this.#timestamp + stream.clockRate / 50) >>> 0
  }

  #sendTone(stream: OutgoingStream): void {
    const frames = toneFrames(stream.codec, this.hz)
    const payload = frames[this.#frame++ % frames.length] ?? Buffer.alloc(0)
    this.#send(payload, stream.payloadType, !this.#talking, this.#timestamp)
    this.#talking = true
  }

  #sendDigit(stream: OutgoingStream, digit: WaitingDigit): void {
    const packet = digit.packets.shift()
    if (packet === undefined || stream.eventType === undefined) return
    if (packet.first) this.#eventTimestamp = this.#timestamp
    this.#send(packet.payload, stream.eventType, packet.marker, this.#eventTimestamp)
    // Sound that follows an event is a new talk spurt.
    this.#talking = false
    if (digit.packets.length > 0) return
    this.#digits.shift()
    digit.sent()
  }

  #send(payload: Buffer, payloadType: number, marker: boolean, timestamp: number): void {
    const { ssrc } = this
    this.transmit(buildRtp({ payloadType, marker, sequence: this.#sequence, timestamp, ssrc, payload }))
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.#packets++
    this.#octets += payload.length
  }
}
