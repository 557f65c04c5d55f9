import { describe, expect, it } from 'vitest'
import { decodeA, decodeMu, encodeA, encodeMu } from '../../../src/embedded/media/g711.js'
import type { MediaError } from '../../../src/embedded/media/errors.js'
import { Bench } from './support/bench.js'
import { encodeRtp, type Rtp, type RtpPeer, type Outgoing } from './support/peer.js'

/** Packets one after the other: the next is said when the one before was heard. */
async function pass(from: RtpPeer, to: RtpPeer, packets: Outgoing[]): Promise<Rtp[]> {
  const before = to.heard.length
  for (const [index, packet] of packets.entries()) {
    from.say(packet)
    await to.hears(before + index + 1)
  }
  return to.heard.slice(before)
}

const voice = (sequence: number, timestamp: number, more: Partial<Outgoing> = {}): Outgoing => ({
  sequence,
  timestamp,
  ...more,
})

describe('two joined endpoints', () => {
  it('hear each other, each on one stream with an unbroken sequence', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    const atB = await pass(a.peer, b.peer, [voice(10, 1000), voice(11, 1160), voice(12, 1320)])
    const atA = await pass(b.peer, a.peer, [voice(65535, 7), voice(0, 167)])
    expect(new Set(atB.map((packet) => packet.ssrc)).size).toBe(1)
    expect(atB[0]?.ssrc).not.toBe(0x1111)
    expect(atB.map((packet) => (packet.sequence - atB[0]!.sequence) & 0xffff)).toEqual([0, 1, 2])
    expect(atB.map((packet) => (packet.timestamp - atB[0]!.timestamp) >>> 0)).toEqual([0, 160, 320])
    expect(atB.map((packet) => packet.marker)).toEqual([true, false, false])
    expect((atA[1]!.sequence - atA[0]!.sequence) & 0xffff).toBe(1)
    expect(atB[0]?.payload).toEqual(Buffer.alloc(160, 0x20))
    expect(bench.core.counters(b.id)).toMatchObject({ packetsIn: 2, relayedOut: 3, packetsOut: 3, lost: 0 })
    expect(bench.core.stats()).toMatchObject({ joins: 1, packetsRelayed: 5 })
  })

  it('hear at once what was being said as they were joined, and the rest in its order', async () => {
    const bench = new Bench()
    // A machine that is busy may take longer to join them than a frame lasts.
    for (let attempt = 0; attempt < 10; attempt++) {
      const [a, b] = [await bench.caller(), await bench.callee()]
      a.peer.say(voice(10, 1000))
      await bench.counted(a.id, 'packetsIn', 1)
      bench.core.join(a.id, b.id)
      if (bench.core.counters(b.id).relayedOut === 0) continue
      await b.peer.hears(1)
      a.peer.say(voice(11, 1160))
      await b.peer.hears(2)
      const [first, second] = b.peer.heard
      expect((second!.sequence - first!.sequence) & 0xffff).toBe(1)
      expect((second!.timestamp - first!.timestamp) >>> 0).toBe(160)
      return
    }
    throw new Error('nothing was passed on in ten attempts')
  })

  it('are told of losses on the way in by the same gap on the way out', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    const heard = await pass(a.peer, b.peer, [voice(10, 1000), voice(14, 1640), voice(13, 1480)])
    expect(heard.map((packet) => (packet.sequence - heard[0]!.sequence) & 0xffff)).toEqual([0, 4, 3])
    expect(bench.core.counters(a.id).lost).toBe(2)
  })

  it('go on with one stream when the far side begins a new one', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    const heard = await pass(a.peer, b.peer, [
      voice(10, 1000),
      voice(11, 1160),
      voice(40_000, 900_000, { ssrc: 0x2222 }),
      voice(40_001, 900_160, { ssrc: 0x2222 }),
    ])
    expect(new Set(heard.map((packet) => packet.ssrc)).size).toBe(1)
    expect(heard.map((packet) => (packet.sequence - heard[0]!.sequence) & 0xffff)).toEqual([0, 1, 2, 3])
    expect(heard[2]?.marker).toBe(true)
    const step = (heard[2]!.timestamp - heard[1]!.timestamp) >>> 0
    expect(step).toBeGreaterThanOrEqual(160)
    expect(step).toBeLessThan(8000 * 20)
  })

  it('hear tone and then the other side on the same stream', async () => {
    const bench = new Bench()
    const a = await bench.caller()
    await bench.core.play(a.id, { kind: 'ringback', country: 'us' })
    await a.peer.hears(3)
    const b = await bench.callee({}, { joinable: a.id })
    await bench.core.play(b.id, { kind: 'comfort' })
    bench.core.join(a.id, b.id)
    const tones = a.peer.heard.length
    b.peer.say(voice(500, 9))
    await a.peer.hears(1, (packet) => packet.payload.every((byte) => byte === 0x20))
    const heard = a.peer.heard
    expect(heard.length).toBeGreaterThan(tones)
    expect(new Set(heard.map((packet) => packet.ssrc)).size).toBe(1)
    heard.slice(1).forEach((packet, index) => {
      expect((packet.sequence - heard[index]!.sequence) & 0xffff).toBe(1)
      expect((packet.timestamp - heard[index]!.timestamp) | 0).toBeGreaterThanOrEqual(160)
    })
    expect(heard.at(-1)?.marker).toBe(true)
    expect(bench.core.stats().tones).toBe(0)
  })

  it('are transcoded where one speaks A-law and the other mu-law', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call({ codecs: ['0'] }, { codecs: ['8'] })
    const samples = Array.from({ length: 160 }, (_, at) => Math.round(9000 * Math.sin(at / 5)))
    const [toB] = await pass(a.peer, b.peer, [voice(1, 1, { payload: Buffer.from(samples.map(encodeMu)) })])
    const [toA] = await pass(b.peer, a.peer, [
      voice(1, 1, { payloadType: 8, payload: Buffer.from(samples.map(encodeA)) }),
    ])
    expect(toB?.payloadType).toBe(8)
    expect(toA?.payloadType).toBe(0)
    samples.forEach((sample, at) => {
      const tolerance = Math.abs(sample) / 12 + 20
      expect(Math.abs(decodeA(toB!.payload[at]!) - sample)).toBeLessThan(tolerance)
      expect(Math.abs(decodeMu(toA!.payload[at]!) - sample)).toBeLessThan(tolerance)
    })
  })

  it('pass a codec that both know under each one’s own number', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['96 opus/48000/2'] })
    const b = await bench.callee({ codecs: ['111 opus/48000/2'] }, { joinable: a.id })
    bench.core.join(a.id, b.id)
    const opus = Buffer.from([0x78, 1, 2, 3])
    const [toB] = await pass(a.peer, b.peer, [voice(1, 1, { payloadType: 96, payload: opus })])
    const [toA] = await pass(b.peer, a.peer, [voice(1, 1, { payloadType: 111, payload: opus })])
    expect(toB).toMatchObject({ payloadType: 111, payload: opus })
    expect(toA).toMatchObject({ payloadType: 96, payload: opus })
    expect(a.codec).toBe('opus/48000/2')
  })

  it('cannot be joined without a codec in common', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['18'] })
    const b = await bench.callee({ codecs: ['0'] })
    expect(() => bench.core.join(a.id, b.id)).toThrow(expect.objectContaining({ code: 'not-acceptable' }))
    expect(bench.core.stats().joins).toBe(0)
  })

  it('cannot be joined before both have an answer, nor twice', async () => {
    const bench = new Bench()
    const a = await bench.caller()
    const open = await bench.core.create({})
    const bad = expect.objectContaining({ code: 'bad-state' }) as MediaError
    expect(() => bench.core.join(a.id, open.id)).toThrow(bad)
    const [b, c] = await bench.call()
    expect(() => bench.core.join(a.id, b.id)).toThrow(bad)
    expect(() => bench.core.join(a.id, a.id)).toThrow(bad)
    bench.core.join(b.id, c.id)
    expect(bench.core.stats().joins).toBe(1)
  })

  it('are apart again when one of them is closed', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    await pass(a.peer, b.peer, [voice(1, 1)])
    await bench.core.remove(a.id)
    expect(bench.core.stats()).toMatchObject({ joins: 0, endpoints: 1, packetsRelayed: 1 })
    await bench.core.play(b.id, { kind: 'busy', country: 'us' })
    const after = await b.peer.hears(3)
    expect(after.map((packet) => (packet.sequence - after[0]!.sequence) & 0xffff)).toEqual([0, 1, 2])
  })

  it('that are parted and joined again go on in sequence, whatever was said in between', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    const [before] = await pass(a.peer, b.peer, [voice(10, 1000)])
    bench.core.unjoin(b.id)
    a.peer.say(voice(11, 1160))
    await bench.counted(a.id, 'packetsIn', 2)
    bench.core.join(a.id, b.id)
    const [after] = await pass(a.peer, b.peer, [voice(12, 1320)])
    expect((after!.sequence - before!.sequence) & 0xffff).toBe(1)
    expect(after!.marker).toBe(true)
  })

  it('lose no place in the sequence for a packet that the other side cannot take', async () => {
    const bench = new Bench()
    // The caller has events, the callee took none.
    const [a, b] = await bench.call({ codecs: ['0', '101 telephone-event/8000'] }, { codecs: ['0'] })
    a.peer.say(voice(10, 1000))
    a.peer.say(voice(11, 1000, { payloadType: 101, payload: Buffer.from([5, 0, 0, 160]) }))
    a.peer.say(voice(12, 1320))
    const heard = await b.peer.hears(2)
    expect((heard[1]!.sequence - heard[0]!.sequence) & 0xffff).toBe(1)
    expect(bench.core.counters(a.id).unroutable).toBe(1)
  })

  it('keep the payload apart from CSRCs, extension and padding while transcoding', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call({ codecs: ['0'] }, { codecs: ['8'] })
    const plain = encodeRtp({ sequence: 1, timestamp: 1, payload: Buffer.alloc(0) })
    plain[0] = 0x80 | 0x20 | 0x10 | 1
    const csrc = Buffer.from([1, 2, 3, 4])
    const extension = Buffer.from([0xbe, 0xde, 0, 1, 9, 9, 9, 9])
    a.peer.sendRaw(Buffer.concat([plain, csrc, extension, Buffer.alloc(80, 0xff), Buffer.from([0, 0, 0, 4])]))
    const [heard] = await b.peer.hears(1)
    const payload = heard!.payload
    expect(payload.subarray(0, 12)).toEqual(Buffer.concat([csrc, extension]))
    expect(payload.subarray(12, 92)).toEqual(Buffer.alloc(80, encodeA(0)))
    expect(payload.subarray(92)).toEqual(Buffer.from([0, 0, 0, 4]))
  })

  it('count silence apart', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    await pass(a.peer, b.peer, [voice(1, 1, { payload: Buffer.alloc(160, 0xff) }), voice(2, 161)])
    expect(bench.core.counters(a.id)).toMatchObject({ packetsIn: 2, silenceIn: 1, bytesIn: 344 })
  })
})

describe('a source', () => {
  it('is learnt from the first valid packet, and nobody else is heard then', async () => {
    const bench = new Bench()
    // The description names an address that the phone does not send from, as behind a NAT.
    const a = await bench.caller({ port: 9 })
    const b = await bench.callee({}, { joinable: a.id })
    bench.core.join(a.id, b.id)
    const stranger = await bench.peer()
    stranger.aim(a.localSdp)
    await pass(a.peer, b.peer, [voice(1, 1)])
    stranger.say(voice(2, 161, { ssrc: 0x6666 }))
    await bench.counted(a.id, 'foreignIn', 1)
    await pass(b.peer, a.peer, [voice(1, 1)])
    expect(stranger.heard).toEqual([])
    expect(b.peer.heard).toHaveLength(1)
    expect(bench.core.counters(a.id).source).toEqual({ address: '127.0.0.1', port: a.peer.port })
  })

  it('is not learnt from what is no RTP or of a payload type that nobody agreed to', async () => {
    const bench = new Bench()
    const a = await bench.caller()
    const stranger = await bench.peer()
    stranger.aim(a.localSdp)
    stranger.sendRaw(Buffer.from('short'))
    stranger.sendRaw(Buffer.alloc(40))
    stranger.sendRaw(Buffer.alloc(0))
    stranger.say(voice(1, 1, { payloadType: 18 }))
    await bench.counted(a.id, 'invalidIn', 3)
    await bench.counted(a.id, 'unknownPayloadIn', 1)
    a.peer.say(voice(1, 1))
    await bench.counted(a.id, 'packetsIn', 1)
    expect(bench.core.counters(a.id).source?.port).toBe(a.peer.port)
  })

  it('is learnt anew after a re-INVITE that moves the phone, though old packets are on the way', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    await pass(a.peer, b.peer, [voice(1, 1)])
    const moved = await bench.peer()
    bench.core.modify(a.id, moved.sdp({ version: 2 }))
    moved.aim(a.localSdp)
    a.peer.say(voice(2, 161))
    await bench.counted(a.id, 'foreignIn', 1)
    // Before the phone said anything from there: the description is all that is known.
    await pass(b.peer, moved, [voice(0, 1)])
    await pass(moved, b.peer, [voice(3, 321)])
    await pass(b.peer, moved, [voice(1, 1)])
    expect(bench.core.counters(a.id).source?.port).toBe(moved.port)
  })

  it('stays where a phone moves on paper and still sends from the same socket', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    await pass(a.peer, b.peer, [voice(1, 1)])
    bench.core.modify(a.id, a.peer.sdp({ version: 2, port: 9 }))
    for (let index = 0; index < 30; index += 1) a.peer.say(voice(2 + index, 161 + 160 * index))
    await b.peer.hears(2)
    await pass(b.peer, a.peer, [voice(1, 1)])
  })

  it('of media that comes in before our offer is answered counts already', async () => {
    const bench = new Bench()
    const { id, localSdp } = await bench.core.create({})
    const early = await bench.peer()
    early.aim(localSdp)
    early.say(voice(1, 1, { payloadType: 8 }))
    await bench.counted(id, 'packetsIn', 1)
    bench.core.accept(id, early.sdp({ codecs: ['0'] }))
    early.say(voice(2, 161, { payloadType: 8 }))
    await bench.counted(id, 'unknownPayloadIn', 1)
  })
})
