import { afterEach, describe, expect, it, vi } from 'vitest'
import { Continuity } from '../../../src/demo/rtp/continuity.js'
import { buildRtp, parseRtp, type RtpPacket } from '../../../src/demo/rtp/packet.js'
import { RtpPeer } from '../../../src/demo/rtp/peer.js'
import { DigitReader, digitPackets } from '../../../src/demo/rtp/telephone-event.js'
import { ticker } from '../../../src/demo/rtp/ticker.js'

const packet = (sequence: number, changes: Partial<RtpPacket> = {}): RtpPacket => ({
  payloadType: 0,
  marker: false,
  sequence: sequence & 0xffff,
  timestamp: sequence * 160,
  ssrc: 7,
  payload: Buffer.from([1, 2, 3]),
  ...changes,
})

describe('packets', () => {
  it('are read as they were written', () => {
    const written = packet(65_535, { marker: true, timestamp: 4_294_967_295, ssrc: 4_000_000_000 })
    expect(parseRtp(buildRtp(written))).toEqual(written)
  })

  it('are read with sources, extension and padding', () => {
    const plain = buildRtp(packet(1))
    const head = Buffer.from(plain.subarray(0, 12))
    head[0] = 0x80 | 0x20 | 0x10 | 1
    const bytes = Buffer.concat([
      head,
      Buffer.alloc(4),
      Buffer.from([0, 0, 0, 1, 9, 9, 9, 9]),
      Buffer.from([1, 2, 3]),
      Buffer.from([0, 2]),
    ])
    expect(parseRtp(bytes)?.payload).toEqual(Buffer.from([1, 2, 3]))
  })

  it.each([[Buffer.alloc(0)], [Buffer.alloc(12)], [Buffer.from('INVITE sip:a SIP/2.0')]])(
    'are no RTP: %s',
    (bytes) => {
      expect(parseRtp(bytes)).toBeUndefined()
    },
  )
})

describe('continuity', () => {
  const reportOf = (...packets: readonly RtpPacket[]): Continuity['report'] => {
    const continuity = new Continuity()
    for (const one of packets) continuity.receive(one, 160)
    return continuity.report
  }
  const clean = { lost: 0, duplicates: 0, reordered: 0, ssrcChanges: 0, timestampJumps: 0 }

  it('finds nothing in a steady stream, over the wrap too', () => {
    const stream = Array.from({ length: 10 }, (_, i) => packet(65_530 + i))
    expect(reportOf(...stream)).toEqual({ packets: 10, ...clean })
  })

  it('counts what is lost, doubled, late, jumped and from elsewhere', () => {
    expect(reportOf(packet(1), packet(4))).toMatchObject({ ...clean, lost: 2 })
    expect(reportOf(packet(1), packet(2), packet(2))).toMatchObject({ ...clean, duplicates: 1 })
    expect(reportOf(packet(1), packet(3), packet(2))).toMatchObject({ ...clean, reordered: 1 })
    expect(reportOf(packet(1), packet(2, { timestamp: 9 }))).toMatchObject({ ...clean, timestampJumps: 1 })
    expect(reportOf(packet(1), packet(2, { timestamp: 9, marker: true }))).toMatchObject(clean)
    expect(reportOf(packet(1), packet(900, { ssrc: 8 }))).toMatchObject({ ...clean, ssrcChanges: 1 })
  })
})

describe('telephone events', () => {
  it('say the end three times and count once', () => {
    const reader = new DigitReader()
    const sent = digitPackets('#', 100).map(({ payload }) => payload)
    const read = sent.map((payload) => reader.read(packet(1, { payload, payloadType: 101 })))
    expect(sent).toHaveLength(7)
    expect(read.filter((one) => one !== undefined)).toEqual([{ digit: '#', durationMs: 100 }])
  })

  it('are two where the same digit is pressed twice', () => {
    const reader = new DigitReader()
    const read = [100, 2000].flatMap((timestamp) =>
      digitPackets('1').map(({ payload }) => reader.read(packet(1, { payload, timestamp }))?.digit ?? ''),
    )
    expect(read.join('')).toBe('11')
  })

  it('refuse what is no digit', () => {
    expect(() => digitPackets('x')).toThrow('not a DTMF digit: x')
  })
})

describe('the shared timer', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is one for any number of streams, keeps the pace over stalls, and ends with the last', () => {
    vi.useFakeTimers()
    const counts = [0, 0, 0]
    const leave = counts.map((_, i) => ticker.add(() => counts[i]!++))
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(1000)
    expect(counts).toEqual([50, 50, 50])
    leave.forEach((end) => end())
    expect(vi.getTimerCount()).toBe(0)
    expect(ticker.running).toBe(false)
  })
})

describe('an RTP peer', () => {
  const stream = { codec: 'PCMU', payloadType: 0, clockRate: 8000, eventType: 101 }
  const codecs = new Map([
    [0, { name: 'PCMU', clockRate: 8000 }],
    [101, { name: 'telephone-event', clockRate: 8000 }],
  ])

  it('has an even port, sends RTP and RTCP, and hears and counts', async () => {
    const [a, b] = await Promise.all([RtpPeer.open({ hz: 1000 }), RtpPeer.open({ hz: 800 })])
    b.understand(codecs)
    a.sendTo({ host: '127.0.0.1', port: b.port }, stream)
    await b.receiver.hearing?.hears([1000])
    await a.sendDigits('5')
    await b.receiver.until('the digit', ({ digits }) => digits === '5')
    a.sendReport()
    await b.receiver.until('RTCP', ({ rtcp }) => rtcp === 1)
    expect([a.port % 2, b.port % 2]).toEqual([0, 0])
    expect(b.received.byPayloadType.get(101)).toBe(7)
    expect([...b.received.bySource.keys()]).toEqual([`127.0.0.1:${a.port}`])
    expect(b.received.continuity).toMatchObject({ lost: 0, timestampJumps: 0 })
    await Promise.all([a.close(), b.close()])
    expect(ticker.running).toBe(false)
  })

  it('refuses digits where no telephone-event was agreed on', async () => {
    const peer = await RtpPeer.open({ hz: 1000 })
    await expect(peer.sendDigits('1')).rejects.toThrow('no telephone-event stream')
    await peer.close()
  })
})
