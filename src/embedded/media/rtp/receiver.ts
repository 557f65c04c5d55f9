import type { RemoteInfo } from 'node:dgram'
import { isSilence } from '../g711.js'
import type { Inbound, InboundTable } from '../route.js'
import { SourceLatch } from './latch.js'
import { isRtp, payloadEnd, payloadStart, payloadType, sequence, source, timestamp } from './packet.js'
import { ReceptionStats } from './reception.js'

/** Packets of a former source that are still refused after the peer named a new address: half a second. */
const DISTRUSTED = 25

/** What comes in from one peer: checked, learnt from, counted. */
export class RtpReceiver {
  readonly latch: SourceLatch
  readonly stats = new ReceptionStats()
  packets = 0
  bytes = 0
  silence = 0
  invalid = 0
  unknownPayload = 0
  foreign = 0
  unwanted = 0
  /** ms, of the last packet that was accepted. */
  lastAt: number | undefined
  table: InboundTable = []
  /** Whether our direction lets the peer send. */
  open = true

  /** @param proven what comes in was opened with keys that only the peer has */
  constructor(proven = false) {
    this.latch = new SourceLatch(proven)
  }

  get refused(): number {
    return this.invalid + this.unknownPayload + this.foreign + this.unwanted
  }

  /** After a new agreement. */
  relearn(moved: boolean): void {
    this.latch.reopen(moved ? DISTRUSTED : 0)
  }

  /** @returns what the packet carries; undefined for one that is refused */
  accept(packet: Buffer, from: RemoteInfo, now: number): Inbound | undefined {
    if (!isRtp(packet)) {
      this.invalid += 1
      return undefined
    }
    const inbound = this.table[payloadType(packet)]
    if (!inbound) {
      this.unknownPayload += 1
      return undefined
    }
    if (!this.open) {
      this.unwanted += 1
      return undefined
    }
    if (!this.latch.accepts(from.address, from.port)) {
      this.foreign += 1
      return undefined
    }
    this.#record(packet, inbound, now)
    return inbound
  }

  #record(packet: Buffer, inbound: Inbound, now: number): void {
    this.packets += 1
    this.bytes += packet.length
    this.lastAt = now
    const clockRate = inbound.event ? 0 : inbound.codec.clockRate
    this.stats.record(source(packet), sequence(packet), timestamp(packet), clockRate, now)
    if (inbound.law && isSilence(inbound.law, packet, payloadStart(packet), payloadEnd(packet)))
      this.silence += 1
  }
}
