import { describe, expect, it } from 'vitest'
import { Bench, speech, type Side } from './support/bench.js'
import type { RtpPeer } from './support/peer.js'

/** Says frames until `to` hears one more. */
async function heardBy(
  from: RtpPeer,
  to: RtpPeer,
  frames: Iterator<{ sequence: number; timestamp: number }>,
) {
  const before = to.heard.length
  from.say(frames.next().value as { sequence: number; timestamp: number })
  const heard = await to.hears(before + 1)
  return heard.at(-1)!
}

const DIRECTIONS: [string, { toPhone: boolean; fromPhone: boolean }][] = [
  ['sendrecv', { toPhone: true, fromPhone: true }],
  ['sendonly', { toPhone: false, fromPhone: true }],
  ['recvonly', { toPhone: true, fromPhone: false }],
  ['inactive', { toPhone: false, fromPhone: false }],
]

describe('a phone that re-INVITEs', () => {
  it.each(DIRECTIONS)('with %s hears and is heard as that says', async (direction, flows) => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    const [fromA, fromB] = [speech(), speech()]
    await heardBy(a.peer, b.peer, fromA)
    await heardBy(b.peer, a.peer, fromB)
    bench.core.modify(a.id, a.peer.sdp({ direction, version: 2 }))

    a.peer.say(fromA.next().value!)
    if (flows.fromPhone) await b.peer.hears(2)
    else await bench.counted(a.id, 'unwantedIn', 1)
    b.peer.say(fromB.next().value!)
    await bench.counted(b.id, 'packetsIn', 2)
    if (flows.toPhone) await a.peer.hears(2)

    expect(bench.core.counters(b.id).relayedOut).toBe(flows.fromPhone ? 2 : 1)
    expect(bench.core.counters(a.id).relayedOut).toBe(flows.toPhone ? 2 : 1)
  })

  it('to resume goes on with the sequence that it was left with', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    const frames = speech()
    const before = await heardBy(b.peer, a.peer, frames)
    bench.core.modify(a.id, a.peer.sdp({ direction: 'sendonly', version: 2 }))
    for (let index = 0; index < 5; index += 1) b.peer.say(frames.next().value!)
    await bench.counted(b.id, 'packetsIn', 6)
    bench.core.modify(a.id, a.peer.sdp({ version: 3 }))
    const after = await heardBy(b.peer, a.peer, frames)
    expect((after.sequence - before.sequence) & 0xffff).toBe(1)
    expect(after.marker).toBe(true)
    expect((after.timestamp - before.timestamp) | 0).toBeGreaterThanOrEqual(160)
  })

  it('with an address of zeros is sent nothing, not even a tone', async () => {
    const bench = new Bench()
    const a = await bench.caller()
    await bench.core.play(a.id, { kind: 'silence' })
    await a.peer.hears(1)
    const { localSdp } = bench.core.modify(a.id, a.peer.sdp({ address: '0.0.0.0', version: 2 }))
    expect(localSdp).toContain('a=recvonly')
    const sent = bench.core.counters(a.id).packetsOut
    // Another one's frames are the clock.
    const other = await bench.caller()
    await bench.core.play(other.id, { kind: 'silence' })
    await other.peer.hears(3)
    expect(bench.core.counters(a.id).packetsOut).toBe(sent)
  })

  it('while joined gets only what the other side can take', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    expect(() => bench.core.modify(a.id, a.peer.sdp({ codecs: ['18'], version: 2 }))).toThrow(
      expect.objectContaining({ code: 'not-acceptable' }),
    )
    await heardBy(a.peer, b.peer, speech())
    expect(bench.core.modify(a.id, a.peer.sdp({ codecs: ['18', '8'], version: 3 })).codec).toBe('PCMA/8000')
    const frames = speech({ sequence: 900 })
    a.peer.say({ ...frames.next().value!, payloadType: 8 })
    expect((await b.peer.hears(2))[1]?.payloadType).toBe(0)
  })
})

describe('our own re-INVITE', () => {
  const hold = (bench: Bench, side: Side, direction: 'sendonly' | 'sendrecv', answer: string) => {
    const { localSdp } = bench.core.reoffer(side.id, { direction })
    expect(localSdp).toContain(`a=${direction}`)
    return bench.core.accept(side.id, side.peer.sdp({ direction: answer, version: 2 }))
  }

  it('puts a phone on hold and takes it back', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    expect(hold(bench, b, 'sendonly', 'recvonly').direction).toBe('sendonly')
    b.peer.say(speech().next().value!)
    await bench.counted(b.id, 'unwantedIn', 1)
    await heardBy(a.peer, b.peer, speech())
    expect(hold(bench, b, 'sendrecv', 'sendrecv').direction).toBe('sendrecv')
    await heardBy(b.peer, a.peer, speech())
  })

  it('offers the codec in use first, then what can be joined', async () => {
    const bench = new Bench()
    const [, b] = await bench.call({ codecs: ['0'] }, { codecs: ['8'] })
    expect(bench.core.reoffer(b.id, {}).localSdp).toMatch(/^m=audio \d+ RTP\/AVP 8 0 101\r$/m)
  })

  it('that is refused changes nothing', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    bench.core.reoffer(b.id, { direction: 'inactive', codecs: ['G722'] })
    await heardBy(a.peer, b.peer, speech())
    await heardBy(b.peer, a.peer, speech())
  })

  it('may lead both sides from one codec to another', async () => {
    const bench = new Bench()
    const [a, b] = await bench.call()
    for (const side of [a, b]) {
      bench.core.reoffer(side.id, { codecs: ['G722'] })
      expect(bench.core.accept(side.id, side.peer.sdp({ codecs: ['9'], version: 2 })).codec).toBe('G722/8000')
    }
    a.peer.say({ ...speech().next().value!, payloadType: 9 })
    expect((await b.peer.hears(1))[0]?.payloadType).toBe(9)
  })
})

describe('a peer that falls silent', () => {
  it('is reported once a silence', async () => {
    const bench = new Bench({ mediaTimeoutMs: 40 })
    const a = await bench.caller()
    const first = await bench.event('media-timeout')
    expect(first).toMatchObject({
      id: a.id,
      detail: { direction: 'sendrecv', joined: false, everReceived: false },
    })
    expect(first.detail.silentMs).toBeGreaterThanOrEqual(40)
    const later = await bench.caller()
    expect((await bench.event('media-timeout')).id).toBe(later.id)
    a.peer.say(speech().next().value!)
    expect((await bench.event('media-timeout')).detail.everReceived).toBe(true)
  })

  it('is not reported where it has leave to be silent, nor before it answered', async () => {
    const bench = new Bench({ mediaTimeoutMs: 20 })
    await bench.caller({ direction: 'recvonly' })
    await bench.core.create({})
    const silent = await bench.caller()
    expect((await bench.event('media-timeout')).id).toBe(silent.id)
    expect(bench.events).toEqual([])
  })
})
