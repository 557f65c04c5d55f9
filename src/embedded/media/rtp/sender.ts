import type { Inbound, Route } from '../route.js'
import type { Agreement } from '../sdp/agreement.js'
import { sends } from '../sdp/agreement.js'
import { lawOf, type Law } from '../sdp/codecs.js'
import type { MediaTransport } from '../transport.js'
import { rescaleDuration } from './dtmf.js'
import type { Source } from './latch.js'
import { OutputStream } from './output.js'
import { HEADER, payloadEnd, payloadStart } from './packet.js'

/** What goes out to one peer: one stream, held back while the direction or the address forbids it. */
export class RtpSender {
  readonly output: OutputStream
  readonly #transport: MediaTransport
  #open = false
  #law: Law | undefined
  #lawPayloadType = 0
  #address: string | undefined
  #port = 0
  #learnt: Source | undefined
  bytes = 0
  relayed = 0
  played = 0

  constructor(transport: MediaTransport, random: () => number, ssrc?: number) {
    this.#transport = transport
    this.output = new OutputStream(random, ssrc)
  }

  /** The law that frames are wanted in; absent where the peer's codec cannot be played here. */
  get law(): Law | undefined {
    return this.#law
  }

  /** @param moved the peer named another address, so what was learnt is of no use */
  configure(agreement: Agreement, moved: boolean): void {
    this.#address = agreement.remote.address
    this.#port = agreement.remote.port
    if (moved) this.#learnt = undefined
    this.#open = sends(agreement.direction)
    const voice = agreement.audio[0]
    this.#law = voice && lawOf(voice.codec)
    this.#lawPayloadType = voice?.send ?? 0
  }

  /** Packets came from there: that is where the peer is reached (symmetric RTP, RFC 4961). */
  learn(source: Source | undefined): void {
    this.#learnt = source
  }

  /** Sends a 20 ms frame in the law of `law`. @returns false where nothing may be sent now */
  play(frame: Uint8Array, advance: number, now: number): boolean {
    if (!this.#ready()) return false
    const packet = Buffer.allocUnsafe(HEADER + frame.length)
    packet.set(frame, HEADER)
    this.output.frame(packet, this.#lawPayloadType, advance, now)
    this.played += 1
    this.#send(packet)
    return true
  }

  /** Sends a joined peer's packet, rewritten in place. @returns false where nothing may be sent now */
  relay(packet: Buffer, inbound: Inbound, route: Route, now: number): boolean {
    if (!this.#ready()) return false
    if (!this.output.relay(packet, route.payloadType, route.clockRate, !inbound.event, now)) return false
    if (route.convert) convert(packet, route.convert)
    if (route.durationFactor !== 1) rescaleDuration(packet, route.durationFactor)
    this.relayed += 1
    this.#send(packet)
    return true
  }

  #ready(): boolean {
    if (this.#open && this.#transport.ready && (this.#learnt || this.#address !== undefined)) return true
    this.output.interrupt()
    return false
  }

  #send(packet: Buffer): void {
    this.bytes += packet.length
    if (this.#learnt) this.#transport.sendRtp(packet, this.#learnt.port, this.#learnt.address)
    else if (this.#address !== undefined) this.#transport.sendRtp(packet, this.#port, this.#address)
  }
}

function convert(packet: Buffer, table: Uint8Array): void {
  const end = payloadEnd(packet)
  for (let at = payloadStart(packet); at < end; at += 1) packet[at] = table[packet[at]!]!
}
