import { describe, expect, it } from 'vitest'
import type { DtmfEvent } from '../../../src/embedded/media/types.js'
import { DtmfDetector } from '../../../src/embedded/media/rtp/dtmf.js'
import { Bench } from './support/bench.js'
import { encodeRtp, type Outgoing } from './support/peer.js'

const event = (code: number, duration: number, end = false) =>
  Buffer.from([code, end ? 0x8a : 0x0a, duration >>> 8, duration & 0xff])

/** A key as phones send it: growing durations, and the end three times (RFC 4733 §2.5.1.4). */
function key(code: number, sequence: number, timestamp: number, payloadType: number): Outgoing[] {
  const payloads = [event(code, 160), event(code, 320), ...Array<Buffer>(3).fill(event(code, 480, true))]
  return payloads.map((payload, index) => ({
    payloadType,
    sequence: sequence + index,
    timestamp,
    payload,
    marker: index === 0,
  }))
}

const CODECS_A = ['0', '101 telephone-event/8000']
const CODECS_B = ['0', '96 telephone-event/8000']

describe('a key', () => {
  it('passes under the other side’s number, in step with the audio, and is reported once', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call({ codecs: CODECS_A }, { codecs: CODECS_B })
    a.peer.say({ sequence: 1, timestamp: 1000 })
    for (const packet of key(5, 2, 1160, 101)) a.peer.say(packet)
    a.peer.say({ sequence: 7, timestamp: 1640 })
    const heard = await b.peer.hears(7)
    expect(heard.map((packet) => packet.payloadType)).toEqual([0, 96, 96, 96, 96, 96, 0])
    expect(heard.map((packet) => (packet.sequence - heard[0]!.sequence) & 0xffff)).toEqual([
      0, 1, 2, 3, 4, 5, 6,
    ])
    expect(heard.map((packet) => (packet.timestamp - heard[0]!.timestamp) >>> 0)).toEqual([
      0, 160, 160, 160, 160, 160, 640,
    ])
    expect(heard[1]?.marker).toBe(true)
    expect(heard[5]?.payload).toEqual(event(5, 480, true))
    expect(await bench.event('dtmf')).toEqual({
      type: 'dtmf',
      id: a.id,
      detail: { digit: '5', durationMs: 60 },
    })
    expect(bench.events).toEqual([])
    expect(bench.core.counters(a.id).dtmfEvents).toBe(1)
  })

  it('is reported where nobody is joined', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: CODECS_A })
    for (const packet of key(11, 1, 1, 101)) a.peer.say(packet)
    expect((await bench.event('dtmf')).detail.digit).toBe('#')
  })

  it('keeps its length between clocks of different rates', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['96 opus/48000/2', '97 telephone-event/48000'] })
    const b = await bench.callee(
      { codecs: ['96 opus/48000/2', '101 telephone-event/8000'] },
      { joinable: a.id },
    )
    bench.core.join(a.id, b.id)
    a.peer.say({ payloadType: 97, sequence: 1, timestamp: 1, payload: event(1, 4800, true) })
    expect((await b.peer.hears(1))[0]).toMatchObject({ payloadType: 101, payload: event(1, 800, true) })
    expect((await bench.event('dtmf')).detail).toEqual({ digit: '1', durationMs: 100 })
  })
})

describe('a phone with keys in two clocks', () => {
  it('gets each key in the clock that it was pressed in', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['96 opus/48000/2', '97 telephone-event/8000'] })
    const codecs = ['96 opus/48000/2', '98 telephone-event/48000', '101 telephone-event/8000']
    const b = await bench.callee({ codecs }, { joinable: a.id })
    bench.core.join(a.id, b.id)
    a.peer.say({ payloadType: 97, sequence: 1, timestamp: 1, payload: event(1, 800, true) })
    expect((await b.peer.hears(1))[0]).toMatchObject({ payloadType: 101, payload: event(1, 800, true) })
  })
})

describe('the detector', () => {
  const receive = (detector: DtmfDetector, packets: Outgoing[], now = 0): DtmfEvent[] =>
    packets.flatMap((packet) => detector.receive(encodeRtp(packet), 8000, now))

  it('knows all sixteen keys, and no other event', () => {
    const digits = Array.from({ length: 17 }, (_, code) => receive(new DtmfDetector(), key(code, 1, 1, 101)))
    expect(
      digits
        .flat()
        .map(({ digit }) => digit)
        .join(''),
    ).toBe('0123456789*#ABCD')
  })

  it('tells the same key pressed twice apart', () => {
    expect(receive(new DtmfDetector(), [...key(7, 1, 100, 101), ...key(7, 6, 900, 101)])).toHaveLength(2)
  })

  it('takes a key that is held for longer than a duration can say for one press', () => {
    const held = [
      { sequence: 1, timestamp: 100, payload: event(4, 160), marker: true },
      { sequence: 2, timestamp: 100, payload: event(4, 0xffff) },
      { sequence: 3, timestamp: 100 + 0xffff, payload: event(4, 160) },
      { sequence: 4, timestamp: 100 + 0xffff, payload: event(4, 8000, true) },
      { sequence: 5, timestamp: 100 + 0xffff, payload: event(4, 8000, true) },
    ]
    expect(receive(new DtmfDetector(), held)).toEqual([{ digit: '4', durationMs: 9192 }])
  })

  it('tells presses apart by their markers where the sender’s clock stands still', () => {
    expect(receive(new DtmfDetector(), [...key(7, 1, 100, 101), ...key(7, 6, 100, 101)])).toHaveLength(2)
  })

  it('takes no packet that comes late, or twice, for another press', () => {
    const [first, second] = [key(1, 1, 100, 101), key(2, 6, 900, 101)]
    const mixed = [...first.slice(0, 3), ...second, first[0]!, first[3]!, second[0]!, second[4]!]
    expect(receive(new DtmfDetector(), mixed).map(({ digit }) => digit)).toEqual(['1', '2'])
    const swapped = [first[0]!, second[0]!, first[1]!, first[2]!, ...second.slice(1)]
    expect(receive(new DtmfDetector(), swapped).map(({ digit }) => digit)).toEqual(['1', '2'])
  })

  it('ends a key whose end was lost when the next begins', () => {
    const detector = new DtmfDetector()
    const unended = key(1, 1, 100, 101).slice(0, 2)
    expect(receive(detector, unended)).toEqual([])
    expect(receive(detector, key(2, 9, 900, 101).slice(0, 1))).toEqual([{ digit: '1', durationMs: 40 }])
  })

  it('ends a key whose end was lost when nothing more comes', () => {
    const detector = new DtmfDetector()
    receive(detector, key(1, 1, 100, 101).slice(0, 2), 5000)
    expect(detector.expire(5500)).toEqual([])
    expect(detector.expire(6000)).toEqual([{ digit: '1', durationMs: 40 }])
    expect(detector.expire(9000)).toEqual([])
  })

  it('is not fooled by a packet that is too short', () => {
    expect(
      receive(new DtmfDetector(), [{ sequence: 1, timestamp: 1, payload: Buffer.from([1, 0x80]) }]),
    ).toEqual([])
  })
})
