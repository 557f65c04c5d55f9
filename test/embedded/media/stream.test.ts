import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  conversion,
  decodeA,
  decodeMu,
  encodeA,
  encodeMu,
  isSilence,
} from '../../../src/embedded/media/g711.js'
import { OutputStream } from '../../../src/embedded/media/rtp/output.js'
import {
  sequence,
  timestamp,
  source,
  sequenceDelta,
  timestampDelta,
} from '../../../src/embedded/media/rtp/packet.js'
import { ReceptionStats } from '../../../src/embedded/media/rtp/reception.js'
import { encodeRtp } from './support/peer.js'

type Step =
  | { kind: 'frame'; advance: number }
  | { kind: 'voice'; talker: number; gap: number; clockRate: number }
  | { kind: 'key'; talker: number }
  | { kind: 'skip'; talker: number }
  | { kind: 'pause'; ms: number }
  | { kind: 'interrupt' }
  | { kind: 'leap'; talker: number; sequence: number; timestamp: number }

const talker = fc.integer({ min: 0, max: 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('frame' as const), advance: fc.integer({ min: 1, max: 8 }) }),
  fc.record({
    kind: fc.constant('voice' as const),
    talker,
    gap: fc.integer({ min: 1, max: 20 }),
    clockRate: fc.constantFrom(8000, 48_000),
  }),
  fc.record({ kind: fc.constant('key' as const), talker }),
  fc.record({ kind: fc.constant('skip' as const), talker }),
  fc.record({ kind: fc.constant('pause' as const), ms: fc.integer({ min: 1, max: 5000 }) }),
  fc.record({ kind: fc.constant('interrupt' as const) }),
  fc.record({
    kind: fc.constant('leap' as const),
    talker,
    // Farther than any loss or reordering goes.
    sequence: fc.integer({ min: 5000, max: 60_000 }),
    timestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
  }),
)

/** A stream whose next numbers, and times, run over. */
function nearItsEnd(): OutputStream {
  const stream = new OutputStream(() => 0xfffffff0)
  // Its first number is in the lower half: a feed with losses takes it through the other.
  for (let number = 0; number < 12 * 2978; number += 2978) {
    stream.relay(encodeRtp({ sequence: number, timestamp: 0, ssrc: 3 }), 0, 8000, true, 0)
  }
  stream.interrupt()
  return stream
}

/** Feeds a stream from talkers whose own numbers go their own ways; yields what goes out. */
function run(steps: Step[]): Buffer[] {
  const stream = nearItsEnd()
  const talkers = [
    { sequence: 65_530, timestamp: 0xffff_ff00, ssrc: 1 },
    { sequence: 10, timestamp: 0, ssrc: 2 },
  ]
  const out: Buffer[] = []
  let now = 1000
  for (const each of steps) {
    now += 20
    if (each.kind === 'pause') now += each.ms
    else if (each.kind === 'interrupt') stream.interrupt()
    else if (each.kind === 'frame') {
      const packet = Buffer.alloc(172)
      stream.frame(packet, 0, each.advance, now)
      out.push(packet)
    } else {
      const from = talkers[each.talker]!
      if (each.kind === 'leap') {
        Object.assign(from, { sequence: (from.sequence + each.sequence) & 0xffff, timestamp: each.timestamp })
        continue
      }
      const gap = each.kind === 'voice' ? each.gap : 1
      from.sequence += gap
      if (each.kind === 'voice') from.timestamp += gap * 160
      const packet = encodeRtp(from)
      if (each.kind === 'skip') stream.skip(packet)
      else if (
        stream.relay(packet, 0, each.kind === 'voice' ? each.clockRate : 8000, each.kind === 'voice', now)
      ) {
        out.push(packet)
      }
    }
  }
  return out
}

describe('the stream to a peer', () => {
  it('is one, and never goes back in sequence or time, whatever feeds it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const out = run(steps)
        out.slice(1).forEach((packet, index) => {
          const before = out[index]!
          expect(source(packet)).toBe(source(before))
          expect(sequenceDelta(sequence(packet), sequence(before))).toBeGreaterThan(0)
          expect(timestampDelta(timestamp(packet), timestamp(before))).toBeGreaterThanOrEqual(-60 * 48_000)
        })
      }),
      { numRuns: 500 },
    )
  })

  it.each([0, 0x7ffe, 0x7fff, 0x8000, 0xffff, 0xffff_ffff])(
    'begins in the lower half of the numbers, so that none can mistake their end (its random bits are %d)',
    (bits) => {
      const packet = Buffer.alloc(172)
      new OutputStream(() => bits).frame(packet, 0, 1, 0)
      expect(sequence(packet)).toBeLessThan(0x8000)
    },
  )

  it('goes on past the end of the numbers', () => {
    const stream = nearItsEnd()
    const numbers = Array.from({ length: 50 }, (_, index) => {
      const packet = Buffer.alloc(172)
      stream.frame(packet, 0, 1, index * 20)
      return sequence(packet)
    })
    expect(numbers).toContain(0xffff)
    expect(numbers).toContain(0)
  })

  it('passes late packets of a feed, but none twice and none from before it began', () => {
    const stream = new OutputStream(() => 77)
    const say = (number: number) => {
      const packet = encodeRtp({ sequence: number, timestamp: number * 160 })
      return stream.relay(packet, 0, 8000, true, number * 20) ? sequence(packet) : undefined
    }
    expect([say(10), say(12), say(11), say(12), say(9)]).toEqual([78, 80, 79, undefined, undefined])
  })
})

describe('what is known of a received stream', () => {
  const record = (numbers: number[]) => {
    const stats = new ReceptionStats()
    numbers.forEach((number, index) => stats.record(1, number & 0xffff, number * 160, 8000, index * 20))
    return stats
  }

  it('counts losses over the end of the numbers, and takes late packets for found', () => {
    expect(record([65_534, 65_535, 65_537, 65_536, 65_540]).lost).toBe(2)
    expect(record([65_534, 65_538]).report()).toMatchObject({ lost: 3, highest: 0x10002 })
  })

  it('keeps its losses when the source begins anew', () => {
    const stats = record([1, 3])
    stats.record(2, 40_000, 0, 8000, 60)
    expect(stats.lost).toBe(1)
  })

  it('has no jitter in even packets and some in uneven ones', () => {
    expect(record([1, 2, 3, 4]).jitterMs).toBe(0)
    const stats = record([1, 2])
    stats.record(1, 3, 480, 8000, 100)
    expect(stats.jitterMs).toBeGreaterThan(1)
  })

  it('reports the share that was lost since the last report', () => {
    const stats = record([1, 2, 3, 4])
    expect(stats.report()?.fractionLost).toBe(0)
    stats.record(1, 8, 0, 8000, 0)
    expect(stats.report()?.fractionLost).toBe(192)
  })
})

describe('G.711', () => {
  it('reads back every byte that it writes, in both laws', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      expect(encodeA(decodeA(byte))).toBe(byte)
      // Mu-law has two zeros.
      if (byte !== 0x7f) expect(encodeMu(decodeMu(byte))).toBe(byte)
    }
  })

  it.each([
    [0, 0xff, 0xd5],
    [-1, 0x7f, 0x55],
    [32_767, 0x80, 0xaa],
    [-32_768, 0x00, 0x2a],
    [1000, 0xce, 0xfa],
  ])('writes %i as the Recommendation says', (sample, mu, a) => {
    expect(encodeMu(sample)).toBe(mu)
    expect(encodeA(sample)).toBe(a)
  })

  it('goes from one law to the other and back without straying', () => {
    const there = conversion('PCMU', 'PCMA')!
    const back = conversion('PCMA', 'PCMU')!
    for (let byte = 0; byte < 256; byte += 1) {
      const sample = decodeMu(byte)
      expect(Math.abs(decodeMu(back[there[byte]!]!) - sample)).toBeLessThanOrEqual(Math.abs(sample) / 12 + 16)
    }
    expect(conversion('PCMA', 'PCMA')).toBeUndefined()
  })

  it('knows silence', () => {
    expect(isSilence('PCMU', Buffer.from([0xff, 0x7f, 0xfe]), 0, 3)).toBe(true)
    expect(isSilence('PCMA', Buffer.from([0xd5, 0x55, 0x54]), 0, 3)).toBe(true)
    expect(isSilence('PCMU', Buffer.from([0xff, 0x20]), 0, 2)).toBe(false)
    expect(isSilence('PCMU', Buffer.from([]), 0, 0)).toBe(false)
  })
})
