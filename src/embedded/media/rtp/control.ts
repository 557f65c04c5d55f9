import type { RemoteInfo } from 'node:dgram'
import type { Agreement } from '../sdp/agreement.js'
import type { MediaTransport } from '../transport.js'
import { SourceLatch } from './latch.js'
import type { OutputStream } from './output.js'
import type { RtpReceiver } from './receiver.js'
import {
  makeReport,
  parseCompound,
  reportAbout,
  senderReportTime,
  translate,
  type Translation,
} from './rtcp.js'

type Compound = NonNullable<ReturnType<typeof parseCompound>>

/** RTCP with one peer: checks and counts what comes in, reports what is heard, passes on what is joined. */
export class RtcpSession {
  readonly latch: SourceLatch
  readonly #transport: MediaTransport
  readonly #output: OutputStream
  readonly #receiver: RtpReceiver
  readonly #cname: string
  readonly #proven: boolean
  #remote: Agreement['remote'] | undefined
  #mux = false
  #lastReport: { time: number; at: number } | undefined
  packetsIn = 0
  packetsOut = 0
  refused = 0
  remoteLost = 0
  remoteJitter = 0

  /** @param proven what comes in was opened with keys that only the peer has */
  constructor(
    transport: MediaTransport,
    output: OutputStream,
    receiver: RtpReceiver,
    cname: string,
    proven = false,
  ) {
    this.latch = new SourceLatch(proven)
    this.#proven = proven
    this.#transport = transport
    this.#output = output
    this.#receiver = receiver
    this.#cname = cname
  }

  configure(agreement: Agreement): void {
    this.#remote = agreement.remote
    this.#mux = agreement.remote.mux
    this.latch.reopen()
  }

  /** @returns the packets of a compound from the peer; undefined for anything else */
  accept(bytes: Uint8Array, from: RemoteInfo, now: number): Compound | undefined {
    const packets = parseCompound(bytes)
    const media = this.#receiver.latch.source
    const peer = packets && (this.#proven || !media || media.address === from.address)
    if (!peer || !this.latch.accepts(from.address, from.port)) {
      this.refused += 1
      return undefined
    }
    this.packetsIn += 1
    const about = reportAbout(packets, this.#output.ssrc)
    if (about) {
      this.remoteLost = about.lost
      this.remoteJitter = about.jitter
    }
    const time = senderReportTime(packets)
    if (time !== undefined) this.#lastReport = { time, at: now }
    return packets
  }

  /** Our own report on a stream that is not joined to another. @param sinceMs when the last one was due */
  report(clockRate: number, sinceMs: number, now: number, wallClock: number): void {
    const output = this.#output
    const spoke = output.packets > 0 && output.lastSentAt >= sinceMs
    const elapsed = Math.round(((now - output.lastSentAt) / 1000) * clockRate)
    const clock = spoke ? { wallClock, timestamp: (output.lastTimestamp + elapsed) >>> 0 } : undefined
    const block = this.#receiver.stats.report()
    const last = this.#lastReport
    const delay = last ? Math.round(((now - last.at) / 1000) * 65_536) >>> 0 : 0
    this.#send(makeReport(this.#sender(), clock, block && { ...block, lastReport: last?.time ?? 0, delay }))
  }

  /** Passes on what `from`'s peer reported. */
  relay(packets: Compound, from: RtcpSession): void {
    this.#send(translate(packets, this.#translation(from)))
  }

  #translation(from: RtcpSession): Translation {
    const heard = from.#output.offsets
    return {
      to: this.#sender(),
      feed: this.#output.offsets,
      heard: heard && {
        ssrc: from.#output.ssrc,
        source: heard.source,
        sequence: heard.sequence,
        cycles: this.#receiver.stats.cycles,
      },
    }
  }

  #sender() {
    const { ssrc, packets, octets } = this.#output
    return { ssrc, packets, octets, cname: this.#cname }
  }

  #send(bytes: Uint8Array): void {
    const target = this.#target()
    if (!target || !this.#transport.ready) return
    this.packetsOut += 1
    if (this.#mux) this.#transport.sendRtp(bytes, target.port, target.address)
    else this.#transport.sendRtcp(bytes, target.port, target.address)
  }

  #target(): { address: string; port: number } | undefined {
    const learnt = this.latch.source ?? (this.#mux ? this.#receiver.latch.source : undefined)
    if (learnt) return learnt
    const { rtcpAddress, rtcpPort } = this.#remote ?? {}
    return rtcpAddress === undefined || rtcpPort === undefined
      ? undefined
      : { address: rtcpAddress, port: rtcpPort }
  }
}
