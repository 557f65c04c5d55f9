import { describe, expect, it } from 'vitest'
import { RtcpSession } from '../../../src/embedded/media/rtp/control.js'
import { OutputStream } from '../../../src/embedded/media/rtp/output.js'
import { RtpReceiver } from '../../../src/embedded/media/rtp/receiver.js'
import { parseCompound } from '../../../src/embedded/media/rtp/rtcp.js'
import { Bench, speech, type Side } from './support/bench.js'

interface Block {
  source: number
  lost?: number
  highest?: number
  jitter?: number
}

const u32 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, 4 * index))
  return bytes
}

function packet(type: number, count: number, body: Buffer): Buffer {
  const head = Buffer.from([0x80 | count, type, 0, 0])
  head.writeUInt16BE(body.length / 4, 2)
  return Buffer.concat([head, body])
}

const block = ({ source, lost = 0, highest = 0, jitter = 0 }: Block) =>
  u32(source, lost, highest, jitter, 7, 8)

const senderReport = (ssrc: number, timestamp: number, blocks: Block[] = []) =>
  packet(
    200,
    blocks.length,
    Buffer.concat([u32(ssrc, 0xaaaa, 0xbbbb, timestamp, 50, 8000), ...blocks.map(block)]),
  )

const receiverReport = (ssrc: number, blocks: Block[]) =>
  packet(201, blocks.length, Buffer.concat([u32(ssrc), ...blocks.map(block)]))

const sourceDescription = (ssrc: number, name: string) =>
  packet(
    202,
    1,
    Buffer.concat([
      u32(ssrc),
      Buffer.from([1, name.length]),
      Buffer.from(name),
      Buffer.alloc(4 - ((name.length + 2) % 4)),
    ]),
  )

const bye = (ssrc: number) => packet(203, 1, u32(ssrc))

function read(bytes: Buffer) {
  const packets = parseCompound(bytes)!
  expect(packets, 'well-formed').toBeDefined()
  return packets.map(({ type, count, bytes: raw }) => ({
    type,
    count,
    words: Array.from({ length: raw.length / 4 - 1 }, (_, index) =>
      Buffer.from(raw).readUInt32BE(4 + 4 * index),
    ),
    text: Buffer.from(raw).toString('latin1'),
  }))
}

/** One packet each way, so that either side has a stream. */
async function talking(bench: Bench): Promise<[Side, Side]> {
  const [a, b] = await bench.call()
  a.peer.say({ ...speech({ sequence: 100, timestamp: 5000 }).next().value!, ssrc: 0xa1 })
  b.peer.say({ ...speech({ sequence: 700, timestamp: 9000 }).next().value!, ssrc: 0xb1 })
  await Promise.all([a.peer.hears(1), b.peer.hears(1)])
  return [a, b]
}

describe('reports between joined sides', () => {
  it('speak of the streams that the receiver knows', async () => {
    const bench = new Bench()
    const [a, b] = await talking(bench)
    const [heardByA, heardByB] = [a.peer.heard[0]!, b.peer.heard[0]!]
    const about = { source: heardByA.ssrc, lost: (64 << 24) | 3, highest: heardByA.sequence, jitter: 80 }
    a.peer.sendRtcp(
      Buffer.concat([senderReport(0xa1, 5160, [about]), sourceDescription(0xa1, 'me@10.0.0.1')]),
    )
    const [report, description, ...rest] = read(await b.peer.hearsReport())
    expect(rest).toEqual([])
    expect(report).toMatchObject({ type: 200, count: 1 })
    expect(report!.words).toEqual([
      heardByB.ssrc,
      0xaaaa,
      0xbbbb,
      (heardByB.timestamp + 160) >>> 0,
      1,
      160,
      0xb1,
      (64 << 24) | 3,
      700,
      80,
      7,
      8,
    ])
    expect(description).toMatchObject({ type: 202 })
    expect(description!.words[0]).toBe(heardByB.ssrc)
    expect(description!.text).not.toContain('10.0.0.1')
    expect(bench.core.counters(a.id)).toMatchObject({ rtcpIn: 1, remoteLost: 3, remoteJitterMs: 10 })
    expect(bench.core.counters(b.id).rtcpOut).toBe(1)
  })

  it('leave out blocks about streams that are none of ours, and every BYE', async () => {
    const bench = new Bench()
    const [a, b] = await talking(bench)
    a.peer.sendRtcp(Buffer.concat([receiverReport(0xa1, [{ source: 0xdead }]), bye(0xa1)]))
    const packets = read(await b.peer.hearsReport())
    expect(packets.map(({ type, count }) => [type, count])).toEqual([
      [201, 0],
      [202, 1],
    ])
  })

  it('pass feedback on, with the sources exchanged', async () => {
    const bench = new Bench()
    const [a, b] = await talking(bench)
    const feedback = packet(205, 1, u32(0xa1, a.peer.heard[0]!.ssrc, 0x00010000))
    a.peer.sendRtcp(Buffer.concat([receiverReport(0xa1, []), feedback]))
    const passed = read(await b.peer.hearsReport()).find(({ type }) => type === 205)
    expect(passed?.words).toEqual([b.peer.heard[0]!.ssrc, 0xb1, 0x00010000])
  })

  it('go over the one port where the phone wants that', async () => {
    const bench = new Bench()
    const a = await bench.caller({ lines: ['a=rtcp-mux'] })
    const b = await bench.callee({}, { joinable: a.id })
    bench.core.join(a.id, b.id)
    a.peer.sendRaw(receiverReport(0xa1, []))
    await b.peer.hearsReport()
    b.peer.sendRtcp(receiverReport(0xb1, []))
    const [heard] = await a.peer.hears(1)
    expect(heard!.payloadType).toBe(201 & 0x7f)
  })
})

describe('a report', () => {
  it('on our own stream and on what we hear goes to a phone that is alone', async () => {
    const bench = new Bench({ rtcpIntervalMs: 20 })
    const a = await bench.caller()
    await bench.core.play(a.id, { kind: 'silence' })
    await a.peer.hears(2)
    for (const sequence of [10, 12]) a.peer.say({ sequence, timestamp: 1, ssrc: 0xa1 })
    await bench.counted(a.id, 'packetsIn', 2)
    a.peer.reports.length = 0
    let report = read(await a.peer.hearsReport())
    while (report[0]!.count === 0) report = read(await a.peer.hearsReport())
    const [first, description] = report
    expect(first!.type).toBe(200)
    expect(first!.words[0]).toBe(a.peer.heard[0]!.ssrc)
    expect(first!.words[4]).toBeGreaterThanOrEqual(2)
    expect(first!.words[6]).toBe(0xa1)
    expect(first!.words[7]! & 0xffffff).toBe(1)
    expect(first!.words[8]).toBe(12)
    expect(description!.type).toBe(202)
  })

  it('without anything sent is a receiver report', async () => {
    const bench = new Bench({ rtcpIntervalMs: 20 })
    const a = await bench.caller()
    expect(read(await a.peer.hearsReport())[0]).toMatchObject({ type: 201, count: 0 })
  })

  it.each([
    ['too short', Buffer.from([0x80, 201])],
    ['of the wrong version', Buffer.from([0x40, 201, 0, 1, 0, 0, 0, 1])],
    ['longer on paper than it is', Buffer.from([0x80, 201, 0, 9, 0, 0, 0, 1])],
    ['that begins with a description', sourceDescription(1, 'x')],
    ['of no length', Buffer.from([0x80, 201, 0, 0, 0, 0, 0, 1])],
    ['of nothing', Buffer.alloc(0)],
  ])('%s is refused', async (_, bytes) => {
    const bench = new Bench()
    const [a, b] = await talking(bench)
    a.peer.sendRtcp(bytes)
    await bench.counted(a.id, 'rtcpRefused', 1)
    expect(bench.core.counters(a.id).rtcpIn).toBe(0)
    expect(b.peer.reports).toEqual([])
  })

  it('from a stranger is refused', async () => {
    const bench = new Bench()
    const [a] = await talking(bench)
    a.peer.sendRtcp(receiverReport(0xa1, []))
    await bench.counted(a.id, 'rtcpIn', 1)
    const stranger = await bench.peer()
    stranger.aim(a.localSdp)
    stranger.sendRtcp(receiverReport(0x66, []))
    await bench.counted(a.id, 'rtcpRefused', 1)
  })

  it('from another host than the media is refused, be it the first', () => {
    const transport = {
      sendRtp: () => {},
      sendRtcp: () => {},
      listen: () => {},
      ready: true,
      timers: 0,
      close: () => {},
    }
    const receiver = new RtpReceiver()
    const session = new RtcpSession(transport, new OutputStream(() => 1), receiver, 'x')
    receiver.latch.accepts('192.0.2.1', 4000)
    const from = (address: string) => ({ address, family: 'IPv4' as const, port: 4001, size: 8 })
    expect(session.accept(receiverReport(1, []), from('192.0.2.66'), 0)).toBeUndefined()
    expect(session.accept(receiverReport(1, []), from('192.0.2.1'), 0)).toBeDefined()
  })

  it('with more blocks on paper than in it is read as far as it goes', async () => {
    const bench = new Bench()
    const [a, b] = await talking(bench)
    const greedy = receiverReport(0xa1, [])
    greedy[0]! |= 31
    a.peer.sendRtcp(greedy)
    expect(read(await b.peer.hearsReport())[0]).toMatchObject({ type: 201, count: 0 })
  })
})
