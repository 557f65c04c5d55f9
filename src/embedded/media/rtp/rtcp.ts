import { read32, write32 } from './packet.js'
import type { ReportBlock } from './reception.js'

/** RTCP (RFC 3550 §6): checking, reading, making, and translating from one joined side to the other (§7.2). */
const SENDER_REPORT = 200
const RECEIVER_REPORT = 201
const SOURCE_DESCRIPTION = 202
const APPLICATION = 204
const TRANSPORT_FEEDBACK = 205
const PAYLOAD_FEEDBACK = 206

const BLOCK = 24
const CNAME = 1
/** Seconds between 1900, where NTP's time begins, and 1970. */
const NTP_EPOCH = 2_208_988_800

interface Packet {
  type: number
  /** The five bits whose meaning is the type's: a count, mostly. */
  count: number
  bytes: Uint8Array
}

/** The packets of a compound; undefined where it fails the checks of RFC 3550 A.2. */
export function parseCompound(bytes: Uint8Array): Packet[] | undefined {
  const packets: Packet[] = []
  for (let at = 0; at < bytes.length;) {
    if (at + 8 > bytes.length || (bytes[at]! & 0xc0) !== 0x80) return undefined
    const end = at + 4 + 4 * ((bytes[at + 2]! << 8) | bytes[at + 3]!)
    if (end > bytes.length || end < at + 8) return undefined
    packets.push({ type: bytes[at + 1]!, count: bytes[at]! & 0x1f, bytes: bytes.subarray(at, end) })
    at = end
  }
  const first = packets[0]?.type
  return first === SENDER_REPORT || first === RECEIVER_REPORT ? packets : undefined
}

function blocksAt(packet: Packet): number {
  return packet.type === SENDER_REPORT ? 28 : 8
}

function readBlocks(packet: Packet): Uint8Array[] {
  if (packet.type !== SENDER_REPORT && packet.type !== RECEIVER_REPORT) return []
  const start = blocksAt(packet)
  const blocks: Uint8Array[] = []
  for (let index = 0; index < packet.count; index += 1) {
    const block = packet.bytes.subarray(start + index * BLOCK, start + (index + 1) * BLOCK)
    if (block.length === BLOCK) blocks.push(block)
  }
  return blocks
}

/** What the peer reports of the stream `source`. Lost is signed (RFC 3550 §6.4.1); below zero: duplicates. */
export function reportAbout(packets: Packet[], source: number): { lost: number; jitter: number } | undefined {
  for (const block of packets.flatMap(readBlocks)) {
    if (read32(block, 0) !== source) continue
    return { lost: (read32(block, 4) << 8) >> 8, jitter: read32(block, 12) }
  }
  return undefined
}

/** The middle 32 bits of the peer's last sender report, for the report blocks about it. */
export function senderReportTime(packets: Packet[]): number | undefined {
  const report = packets.find((packet) => packet.type === SENDER_REPORT && packet.bytes.length >= 28)
  return report && ((read32(report.bytes, 8) << 16) | (read32(report.bytes, 12) >>> 16)) >>> 0
}

export interface Sender {
  ssrc: number
  packets: number
  octets: number
  cname: string
}

export interface SenderClock {
  /** ms since 1970 */
  wallClock: number
  /** The RTP timestamp of that moment. */
  timestamp: number
}

export interface ReceivedReport extends ReportBlock {
  /** Of the last sender report from there, and how long ago, in 1/65536 s; 0, 0 where there was none. */
  lastReport: number
  delay: number
}

/** A report of our own: SR where something was sent, else RR (RFC 3550 §6.4), and the CNAME. */
export function makeReport(
  sender: Sender,
  clock: SenderClock | undefined,
  block?: ReceivedReport,
): Uint8Array {
  const blocks = block ? [writeBlock(block)] : []
  const info = clock && senderInfo(ntp(clock.wallClock), clock.timestamp, sender)
  return concat([report(sender.ssrc, info, blocks), sourceDescription(sender.ssrc, sender.cname)])
}

/** How a report from one side reads on the other. */
export interface Translation {
  /** The stream that the receiver of the translated report hears from us. */
  to: Sender
  /** The source of the feed of that stream, and the shift of its timestamps; absent where it feeds nothing. */
  feed: { source: number; timestamp: number } | undefined
  /** The stream that the reporter hears from us, and what it is made of. */
  heard: { ssrc: number; source: number; sequence: number; cycles: number } | undefined
}

/**
 * A compound from one joined side as the other side should see it: streams named by what that side knows,
 * counts as sent to it, our CNAME in place of the peer's (which may tell its address), no BYE, since our
 * stream goes on.
 */
export function translate(packets: Packet[], how: Translation): Uint8Array {
  const reports = packets.filter((packet) => packet.type === SENDER_REPORT || packet.type === RECEIVER_REPORT)
  const out = reports.slice(0, 1).map((packet) => translateReport(packet, how))
  out.push(sourceDescription(how.to.ssrc, how.to.cname))
  for (const packet of packets) {
    const feedback = packet.type === TRANSPORT_FEEDBACK || packet.type === PAYLOAD_FEEDBACK
    if (packet.type === APPLICATION) out.push(withSources(packet, how.to.ssrc))
    else if (
      feedback &&
      packet.bytes.length >= 12 &&
      how.heard &&
      read32(packet.bytes, 8) === how.heard.ssrc
    ) {
      out.push(withSources(packet, how.to.ssrc, how.heard.source))
    }
  }
  return concat(out)
}

function translateReport(packet: Packet, how: Translation): Uint8Array {
  const { to, feed, heard } = how
  const blocks = readBlocks(packet).flatMap((block) => {
    if (!heard || read32(block, 0) !== heard.ssrc) return []
    const copy = Uint8Array.from(block)
    write32(copy, 0, heard.source)
    const highest = (read32(block, 8) - heard.sequence) & 0xffff
    write32(copy, 8, (heard.cycles + highest) >>> 0)
    return [copy]
  })
  const speaks = packet.type === SENDER_REPORT && packet.bytes.length >= 28
  if (!speaks || !feed || feed.source !== read32(packet.bytes, 4)) return report(to.ssrc, undefined, blocks)
  const time = packet.bytes.subarray(8, 16)
  const timestamp = (read32(packet.bytes, 16) + feed.timestamp) >>> 0
  return report(to.ssrc, senderInfo(time, timestamp, to), blocks)
}

function withSources(packet: Packet, sender: number, media?: number): Uint8Array {
  const copy = Uint8Array.from(packet.bytes)
  write32(copy, 4, sender)
  if (media !== undefined) write32(copy, 8, media)
  return copy
}

function report(ssrc: number, info: Uint8Array | undefined, blocks: Uint8Array[]): Uint8Array {
  const type = info ? SENDER_REPORT : RECEIVER_REPORT
  const source = new Uint8Array(4)
  write32(source, 0, ssrc)
  return packetOf(type, blocks.length, [source, ...(info ? [info] : []), ...blocks])
}

function packetOf(type: number, count: number, parts: Uint8Array[]): Uint8Array {
  const body = concat(parts)
  const head = Uint8Array.of(0x80 | count, type, 0, 0)
  const words = body.length / 4
  head[2] = words >>> 8
  head[3] = words
  return concat([head, body])
}

function senderInfo(time: Uint8Array, timestamp: number, sender: Sender): Uint8Array {
  const info = new Uint8Array(20)
  info.set(time)
  write32(info, 8, timestamp)
  write32(info, 12, sender.packets)
  write32(info, 16, sender.octets)
  return info
}

function ntp(wallClock: number): Uint8Array {
  const time = new Uint8Array(8)
  write32(time, 0, Math.floor(wallClock / 1000) + NTP_EPOCH)
  write32(time, 4, Math.floor(((wallClock % 1000) / 1000) * 2 ** 32))
  return time
}

function writeBlock(block: ReceivedReport): Uint8Array {
  const bytes = new Uint8Array(BLOCK)
  write32(bytes, 0, block.source)
  write32(bytes, 4, ((block.fractionLost << 24) | (block.lost & 0xffffff)) >>> 0)
  write32(bytes, 8, block.highest)
  write32(bytes, 12, block.jitter)
  write32(bytes, 16, block.lastReport)
  write32(bytes, 20, block.delay)
  return bytes
}

function sourceDescription(ssrc: number, cname: string): Uint8Array {
  const name = Buffer.from(cname)
  // SSRC, item, at least one zero octet to end the list, and up to the next word (RFC 3550 §6.5).
  const chunk = new Uint8Array(Math.ceil((4 + 2 + name.length + 1) / 4) * 4)
  write32(chunk, 0, ssrc)
  chunk[4] = CNAME
  chunk[5] = name.length
  chunk.set(name, 6)
  return packetOf(SOURCE_DESCRIPTION, 1, [chunk])
}

function concat(parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}
