import { describe, expect, it } from 'vitest'
import { FrameScheduler, type Paced, type TimerSource } from '../../../src/embedded/media/tones/scheduler.js'
import { Bench } from './support/bench.js'

/** Time that moves when it is told to, and timers that may come late. */
class Time implements TimerSource {
  at = 1000
  #due: { at: number; run: () => void } | undefined
  now = () => this.at
  after(ms: number, run: () => void): () => void {
    expect(this.#due, 'one timer at most').toBeUndefined()
    this.#due = { at: this.at + ms, run }
    return () => (this.#due = undefined)
  }
  get armed(): boolean {
    return this.#due !== undefined
  }
  /** Runs what is due until a moment, each timer `late` ms after its time. */
  until(end: number, late = 0): void {
    while (this.#due && this.#due.at + late <= end) {
      const { at, run } = this.#due
      this.#due = undefined
      this.at = Math.max(this.at, at + late)
      run()
    }
    this.at = end
  }
}

class Listener implements Paced {
  readonly ticks: { at: number; advance: number }[] = []
  constructor(readonly time: Time) {}
  tick(advance: number): void {
    this.ticks.push({ at: this.time.at, advance })
  }
  get frames(): number {
    return this.ticks.reduce((sum, tick) => sum + tick.advance, 0)
  }
}

function setUp(count = 1) {
  const time = new Time()
  const scheduler = new FrameScheduler(time)
  const listeners = Array.from({ length: count }, () => new Listener(time))
  for (const listener of listeners) scheduler.add(listener)
  return { time, scheduler, listeners, listener: listeners[0]! }
}

describe('the pace of tones', () => {
  it('is a frame each 20 ms', () => {
    const { time, listener } = setUp()
    time.until(time.at + 1000)
    expect(listener.frames).toBe(50)
    listener.ticks.slice(1).forEach((tick, index) => expect(tick.at - listener.ticks[index]!.at).toBe(20))
  })

  it('does not drift where each timer is late', () => {
    const { time, listener } = setUp()
    time.until(time.at + 60_000, 3)
    expect(listener.frames).toBe(2999)
    expect(listener.ticks.every((tick) => tick.advance === 1)).toBe(true)
  })

  it('catches up after a short pause, two frames at a time', () => {
    const { time, listener } = setUp()
    time.until(time.at + 100)
    time.at += 80
    time.until(time.at + 100)
    const together = new Map<number, number>()
    for (const { at } of listener.ticks) together.set(at, (together.get(at) ?? 0) + 1)
    expect(Math.max(...together.values())).toBe(2)
    expect(listener.frames).toBe(14)
    expect(listener.ticks.every((tick) => tick.advance === 1)).toBe(true)
  })

  it('skips what a long pause swallowed, without a burst', () => {
    const { time, listener } = setUp()
    time.until(time.at + 100)
    const before = listener.ticks.length
    time.at += 1000
    time.until(time.at + 20)
    expect(listener.ticks[before]?.advance).toBeGreaterThan(45)
    expect(listener.ticks.length - before).toBeLessThanOrEqual(2)
    expect(listener.frames).toBe(56)
  })

  it('has one timer for a thousand, spread over the frame’s time', () => {
    const { time, listeners, scheduler } = setUp(1000)
    expect(scheduler).toMatchObject({ size: 1000, timers: 1 })
    time.until(time.at + 200)
    const instants = new Map<number, number>()
    for (const { ticks } of listeners)
      for (const { at } of ticks) instants.set(at % 20, (instants.get(at % 20) ?? 0) + 1)
    expect(instants.size).toBe(4)
    for (const listener of listeners) expect(listener.frames).toBeGreaterThanOrEqual(9)
  })

  it('stays the same for who is added once more', () => {
    const { time, scheduler, listener } = setUp()
    scheduler.add(listener)
    expect(scheduler.size).toBe(1)
    time.until(time.at + 1000)
    expect(listener.frames).toBe(50)
  })

  it('has no timer where nobody listens', () => {
    const { time, scheduler, listener } = setUp()
    scheduler.remove(listener)
    expect(time.armed).toBe(false)
    expect(scheduler).toMatchObject({ size: 0, timers: 0 })
    scheduler.add(listener)
    time.until(time.at + 100)
    expect(listener.frames).toBeGreaterThanOrEqual(4)
  })
})

describe('a tone on the wire', () => {
  it('is an unbroken stream of 20 ms frames in the law that was agreed', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['8'] })
    expect(await bench.core.play(a.id, { kind: 'ringback', country: 'de' })).toEqual({ audible: true })
    const heard = await a.peer.hears(25)
    expect(heard[0]?.marker).toBe(true)
    expect(heard.every((packet) => packet.payloadType === 8 && packet.payload.length === 160)).toBe(true)
    heard.slice(1).forEach((packet, index) => {
      expect((packet.sequence - heard[index]!.sequence) & 0xffff).toBe(1)
      // A multiple of a frame: more than one only where this machine stood still.
      expect(((packet.timestamp - heard[index]!.timestamp) >>> 0) % 160).toBe(0)
      expect(packet.timestamp).not.toBe(heard[index]!.timestamp)
    })
    expect(bench.core.stats()).toMatchObject({ tones: 1, timers: 2 })
  })

  it('gives way to another on the same stream, and ends', async () => {
    const bench = new Bench()
    const a = await bench.caller()
    await bench.core.play(a.id, { kind: 'ringback', country: 'us' })
    await a.peer.hears(2)
    await bench.core.play(a.id, { kind: 'silence' })
    await a.peer.hears(2, (packet) => packet.payload.every((byte) => byte === 0xff))
    expect(new Set(a.peer.heard.map((packet) => packet.ssrc)).size).toBe(1)
    expect(a.peer.heard.filter((packet) => packet.marker)).toHaveLength(2)
    bench.core.stop(a.id)
    expect(bench.core.stats()).toMatchObject({ tones: 0, timers: 1 })
  })

  it('is heard as soon as an offer of ours is answered', async () => {
    const bench = new Bench()
    const { id } = await bench.core.create({})
    expect(await bench.core.play(id, { kind: 'connecting' })).toEqual({ audible: false })
    const peer = await bench.peer()
    bench.core.accept(id, peer.sdp({ codecs: ['0'] }))
    await peer.hears(2)
  })

  it('is not heard in a codec that cannot be played, and that is said', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['96 opus/48000/2'] })
    expect(await bench.core.play(a.id, { kind: 'ringback', country: 'us' })).toEqual({ audible: false })
  })

  it('cannot be played over a join', async () => {
    const bench = new Bench()
    const [a] = await bench.call()
    await expect(bench.core.play(a.id, { kind: 'silence' })).rejects.toThrow(
      expect.objectContaining({ code: 'bad-state' }),
    )
  })

  it('that was stopped while it was being made is not begun', async () => {
    const bench = new Bench()
    const a = await bench.caller()
    const playing = bench.core.play(a.id, { kind: 'comfort' })
    bench.core.stop(a.id)
    await playing
    expect(bench.core.stats().tones).toBe(0)
  })
})
