import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../bench/media/bencode.js'
import type { Measured } from '../../bench/media/measure.js'
import { Measurements } from '../../bench/media/measurements.js'
import { readOptions } from '../../bench/media/options.js'
import { mediaTable, rowsOf } from '../../bench/media/report.js'
import { audioPort, sideAt } from '../../bench/media/sdp.js'
import { Traffic } from '../../bench/media/traffic.js'

describe('what rtpengine is told', () => {
  it('is written as it reads, keys in their order', () => {
    const command = { sdp: 'v=0\r\nü', command: 'offer', list: [1, 'a'], 'call-id': 'x' }
    expect(encode(command)).toBe('d7:call-id1:x7:command5:offer4:listli1e1:ae3:sdp7:v=0\r\nüe')
    expect(decode(Buffer.from(encode(command)))).toEqual(command)
  })

  it.each(['', 'd3:sdp', 'i5', '9:short', 'i1ei2e'])(
    'is refused where it is cut short or goes on: %j',
    (text) => {
      expect(() => decode(Buffer.from(text))).toThrow()
    },
  )
})

describe('the sides of a call', () => {
  it('say where their audio goes', () => {
    expect(audioPort(sideAt(4711))).toBe(4711)
    expect(() => audioPort('v=0')).toThrow('no audio')
  })
})

describe('the traffic of the media bench', () => {
  it('reaches itself where nobody is between, both ways, with its times', async () => {
    const traffic = await Traffic.open()
    const { a, b } = traffic.sides
    const figures = await traffic.run([{ a: b, b: a }], 0.2)
    traffic.close()
    expect(figures.sent).toBe(20)
    expect(figures.received).toBe(20)
    expect(figures.delay.p50).toBeGreaterThan(0)
  })
})

describe('measurements', () => {
  it('are the delay of packets, and how it changes in each stream', () => {
    const taken = new Measurements(2)
    const ms = 1e6
    // Delays of 1 and 3 ms in one stream, of 10 and 10 in the other.
    taken.take(0, 1 * ms, 0)
    taken.take(1, 10 * ms, 0)
    taken.take(0, 23 * ms, 20 * ms)
    taken.take(1, 30 * ms, 20 * ms)
    const { sent, received, delay, variation, jitter } = taken.figures(5)
    expect({ sent, received }).toEqual({ sent: 5, received: 4 })
    expect(delay.max).toBeCloseTo(10)
    expect([variation.p50, variation.max]).toEqual([2, 2])
    // A sixteenth of it.
    expect([jitter.p50, jitter.max]).toEqual([0.125, 0.125])
  })

  it('are told as ratios to rtpengine, and over what the generator needs for itself', () => {
    const times = (p50: number) => ({ p50, p99: 2 * p50, max: 3 * p50 })
    const one = (subject: Measured['subject'], relayCpu: number, p50: number): Measured => ({
      ...{ subject, calls: 50, sent: 1000, received: 990, relayCpu, generatorCpu: 1 },
      delay: times(p50),
      variation: times(p50 * 2),
      jitter: times(p50),
    })
    const all = [one('floor', 0, 0.1), one('reveille', 0.2, 0.4), one('rtpengine', 0.1, 0.3)]
    const rows = rowsOf(all, { seconds: 10 })
    expect(rows.map(({ packetsPerCpu }) => packetsPerCpu)).toEqual([NaN, 4950, 9900])
    const [, , , ours] = mediaTable(rows).split('\n')
    expect(ours?.split('|').map((cell) => cell.trim())).toEqual(
      [
        '',
        '50',
        'Reveille, embedded engine',
        '4950',
        '0.50',
        '1.00',
        '0.400',
        '0.800',
        '0.300',
        '0.600',
      ].concat(['0.400', '0.800', '0.600', '1.600', '0.10', '']),
    )
  })
})

describe('its options', () => {
  it('are as its help says', () => {
    expect(readOptions(['--calls', '10,20', '--relays', 'reveille', '--dry'])).toMatchObject({
      calls: [10, 20],
      relays: ['reveille'],
      rounds: 3,
      dry: true,
    })
    expect(readOptions(['--help'])).toBe('help')
    expect(() => readOptions(['--relays', 'nobody'])).toThrow('none of')
  })
})
