import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/embedded/media/clock.js'
import { MediaCore } from './support/core.js'
import { MediaPlane } from '../../../src/embedded/media/plane.js'
import { PortPool } from '../../../src/embedded/media/ports.js'
import { MediaSocket } from '../../../src/embedded/media/sockets.js'
import { Bench, someRange } from './support/bench.js'
import { RtpPeer, sdp } from './support/peer.js'

const noPorts = expect.objectContaining({ code: 'no-ports' }) as Error

/** Sockets that hear somebody all the time. */
class PairHeard {
  constructor(private readonly now: () => number) {}
  get strayedAt(): number {
    return this.now()
  }
}

describe('the port range', () => {
  it.each([
    [{ min: 10_000, max: 10_005 }, [10_000, 10_002, 10_004]],
    [{ min: 10_001, max: 10_005 }, [10_002, 10_004]],
    [{ min: 10_000, max: 10_004 }, [10_000, 10_002]],
  ])('%o holds pairs of an even port and the odd one above', (range, pairs) => {
    const pool = new PortPool(range, 0, () => 0)
    expect(Array.from(pairs, () => pool.take().port)).toEqual(pairs)
    expect(() => pool.take()).toThrow(noPorts)
    expect(pool).toMatchObject({ inUse: pairs.length, free: 0 })
  })

  it.each([
    { min: 10_000, max: 10_000 },
    { min: 0, max: 9 },
    { min: 1, max: 70_000 },
    { min: 1.5, max: 9 },
  ])('%o is refused', (range) => {
    expect(() => new PortPool(range, 0, () => 0)).toThrow(expect.objectContaining({ code: 'bad-option' }))
  })

  it('lets a released pair rest', async () => {
    let now = 0
    const pool = new PortPool({ min: 10_000, max: 10_003 }, 1000, () => now)
    const first = pool.take()
    await pool.release(first)
    const second = pool.take()
    expect(second).not.toBe(first)
    await pool.release(second)
    now = 999
    expect(() => pool.take()).toThrow(noPorts)
    now = 1000
    expect(pool.take()).toBe(first)
  })

  it('goes round for ever', async () => {
    const pool = new PortPool({ min: 1024, max: 9999 }, 0, () => 0)
    for (let round = 0; round < 20_000; round += 1) await pool.release(pool.take())
    expect(pool).toMatchObject({ inUse: 0, free: 4488 })
  })

  it('that is used up is an error, until somebody leaves', async () => {
    const bench = new Bench({ ports: someRange(2) })
    const a = await bench.core.create({})
    await bench.core.create({})
    await expect(bench.core.create({})).rejects.toThrow(noPorts)
    await bench.core.remove(a.id)
    await expect(bench.core.create({})).resolves.toBeDefined()
  })

  it('gives a call the sockets of one before it, when the peer of that one has fallen silent', async () => {
    let now = 0
    const clock = { ...systemClock, now: () => now }
    const ports = someRange(2)
    const core = new MediaCore({ host: '127.0.0.1', ports, portRestMs: 500 }, () => undefined, clock)
    const portOf = (sdp: string) => Number(/^m=audio (\d+)/m.exec(sdp)?.[1])
    const peer = await RtpPeer.open()
    const before = await core.create({ remoteSdp: peer.sdp() })
    peer.aim(before.localSdp)
    await core.remove(before.id)
    now = 400
    peer.say({ sequence: 1, timestamp: 160 })
    // The peer of another call is heard after it: by then its packet has come in too.
    const other = await core.create({})
    peer.aim(other.localSdp)
    peer.say({ sequence: 1, timestamp: 160, payloadType: 99 })
    await expect.poll(() => core.counters(other.id).unknownPayloadIn).toBe(1)
    now = 1000
    const after = await core.create({})
    expect(portOf(after.localSdp)).toBe(portOf(before.localSdp))
    peer.aim(after.localSdp)
    peer.say({ sequence: 2, timestamp: 320 })
    await expect.poll(() => core.counters(after.id).packetsIn).toBe(1)
    expect(core.counters(after.id)).toMatchObject({ foreignIn: 0, unknownPayloadIn: 0 })
    await core.close()
    await peer.close()
  })

  it('leaves a pair that hears a former peer for last, and takes it where there is no other', async () => {
    let now = 0
    const pool = new PortPool({ min: 10_000, max: 10_003 }, 500, () => now)
    const heard = new PairHeard(() => now)
    const strayed = pool.take()
    strayed.sockets = heard as never
    await pool.release(strayed)
    now = 500
    const other = pool.take(true)
    expect(other).not.toBe(strayed)
    expect(() => pool.take()).toThrow(noPorts)
    expect(() => pool.take()).toThrow(noPorts)
    expect(pool.take(true)).toBe(strayed)
    expect(() => pool.take(true)).toThrow(noPorts)
    expect(pool).toMatchObject({ inUse: 2, free: 0 })
  })

  it.each(['in the clear, before its own peer is heard', 'in an offer of ours that has no answer yet'])(
    'passes nothing to a call of the peer of the one before: %s',
    async (how) => {
      const bench = new Bench({ ports: someRange(1), portRestMs: 60 })
      const core = bench.core
      const [former, peer] = [await RtpPeer.open(), await RtpPeer.open()]
      const before = await core.create({ remoteSdp: former.sdp() })
      former.aim(before.localSdp)
      await core.remove(before.id)
      // It was not told of the end, and goes on.
      let sequence = 0
      const say = () => former.say({ sequence: (sequence += 1), timestamp: 160 * sequence })
      const talking = setInterval(say, 10)
      try {
        await new Promise((resolve) => setTimeout(resolve, 80))
        const after = await core.create(how.startsWith('in an offer') ? {} : { remoteSdp: peer.sdp() })
        await expect.poll(() => core.counters(after.id).foreignIn).toBeGreaterThan(3)
        peer.aim(after.localSdp)
        peer.say({ sequence: 1, timestamp: 160 })
        await expect.poll(() => core.counters(after.id).packetsIn).toBe(1)
        if (how.startsWith('in an offer')) core.accept(after.id, peer.sdp())
        const { foreignIn } = core.counters(after.id)
        await expect.poll(() => core.counters(after.id).foreignIn).toBeGreaterThan(foreignIn)
        expect(core.counters(after.id).packetsIn).toBe(1)
      } finally {
        clearInterval(talking)
        await core.close()
        await Promise.all([former.close(), peer.close()])
      }
    },
  )

  it('takes who spoke before the call as its peer where its description names that address', async () => {
    const core = new Bench({ ports: someRange(1), portRestMs: 60 }).core
    const peer = await RtpPeer.open()
    const before = await core.create({ remoteSdp: peer.sdp() })
    peer.aim(before.localSdp)
    await core.remove(before.id)
    let sequence = 0
    const talking = setInterval(() => peer.say({ sequence: (sequence += 1), timestamp: 160 * sequence }), 10)
    try {
      await new Promise((resolve) => setTimeout(resolve, 80))
      const after = await core.create({ remoteSdp: peer.sdp() })
      await expect.poll(() => core.counters(after.id).packetsIn).toBeGreaterThan(3)
      expect(core.counters(after.id).foreignIn).toBe(0)
    } finally {
      clearInterval(talking)
      await core.close()
      await peer.close()
    }
  })

  it('is stepped through where others have ports of it', async () => {
    const ports = someRange(3)
    const [even, odd] = [createSocket('udp4'), createSocket('udp4')]
    // An RTP port of the first pair, an RTCP port of the second.
    even.bind(ports.min, '127.0.0.1')
    await once(even, 'listening')
    odd.bind(ports.min + 3, '127.0.0.1')
    await once(odd, 'listening')
    const bench = new Bench({ ports, portRestMs: 1000 })
    const { localSdp } = await bench.core.create({})
    expect(localSdp).toContain(`m=audio ${ports.min + 4} `)
    await expect(bench.core.create({})).rejects.toThrow(noPorts)
    expect(bench.core.stats()).toMatchObject({ portsInUse: 1, portsFree: 2 })
    await Promise.all([even, odd].map((socket) => new Promise<void>((done) => socket.close(() => done()))))
  })

  it('loses nothing to offers that cannot be served', async () => {
    const bench = new Bench({ ports: someRange(1), portRestMs: 60_000 })
    for (let index = 0; index < 3; index += 1) {
      await expect(bench.core.create({ remoteSdp: sdp({ protocol: 'RTP/SAVP' }) })).rejects.toThrow(
        expect.objectContaining({ code: 'not-acceptable' }),
      )
    }
    await expect(bench.core.create({ remoteSdp: sdp() })).resolves.toBeDefined()
  })
})

describe('a socket that hears somebody while nobody has it', () => {
  it('tells a peer of the call before from one that was quicker than the word of its call', async () => {
    const now = () => systemClock.now()
    const { min } = someRange(1)
    const socket = await MediaSocket.bind('127.0.0.1', min, now)
    const peer = createSocket('udp4')
    try {
      const ahead = now()
      peer.connect(min, '127.0.0.1')
      await once(peer, 'connect')
      peer.send('x')
      await expect.poll(() => socket.strayedAt).toBeGreaterThan(ahead)
      const { address, port } = peer.address()
      expect(socket.stray(60_000, ahead)).toBeUndefined()
      expect(socket.stray(60_000, now())).toEqual({ address, port })
    } finally {
      await Promise.all([socket.close(), new Promise<void>((done) => peer.close(() => done()))])
    }
  })
})

describe('an endpoint that cannot be made', () => {
  it('costs no port', async () => {
    const plane = new MediaPlane({ host: '127.0.0.1', ports: someRange(1), portRestMs: 0 }, () => undefined)
    const [port] = await plane.lease(1)
    const bad = { id: '1', ssrc: 1, cname: 'a', terms: undefined as never, identity: undefined, madeAt: 0 }
    await expect(plane.command({ type: 'open', port: port!, ...bad })).rejects.toThrow()
    expect(plane.stats()).toMatchObject({ endpoints: 0, portsFree: 1 })
    expect(await plane.lease(1)).toEqual([port])
    await plane.close()
  })
})

describe('an engine', () => {
  it.each([
    ['a name for an address', { host: 'localhost' }],
    ['every address without one to advertise', { host: '0.0.0.0' }],
    ['addresses of two families', { host: '127.0.0.1', advertise: '::1' }],
  ])('refuses %s', (_, options) => {
    expect(() => new Bench(options)).toThrow(expect.objectContaining({ code: 'bad-option' }))
  })

  it('advertises another address than it binds to', async () => {
    const bench = new Bench({ host: '0.0.0.0', advertise: '198.51.100.9' })
    expect((await bench.core.create({})).localSdp).toContain('c=IN IP4 198.51.100.9')
  })

  it('that is closed opens nothing more, not even what was on its way', async () => {
    const bench = new Bench()
    const opening = bench.core.create({})
    const closing = bench.core.close()
    const lost = expect.objectContaining({ code: 'engine-lost' }) as Error
    await expect(opening).rejects.toThrow(lost)
    await closing
    await expect(bench.core.create({})).rejects.toThrow(lost)
  })
})
