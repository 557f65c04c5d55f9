import { EventEmitter, once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { MediaEngine, startMediaEngine, type Endpoint } from '../../../src/embedded/media/index.js'
import type { WorkerLike } from '../../../src/embedded/media/client.js'
import type { Command, Method, Request, ToPlane } from '../../../src/embedded/media/protocol.js'
import { spawnWorker } from '../../../src/embedded/media/spawn.js'
import { someRange } from './support/bench.js'
import { RtpPeer, sdp } from './support/peer.js'

const options = () => ({ host: '127.0.0.1', ports: someRange(1100), portRestMs: 0, requestTimeoutMs: 15_000 })
const coded = (code: string) => expect.objectContaining({ code }) as Error

const engines: MediaEngine[] = []
const peers: RtpPeer[] = []

async function start(more: Partial<Parameters<typeof startMediaEngine>[0]> = {}): Promise<MediaEngine> {
  const engine = await startMediaEngine({ ...options(), ...more })
  engines.push(engine)
  return engine
}

async function phone(): Promise<RtpPeer> {
  const peer = await RtpPeer.open()
  peers.push(peer)
  return peer
}

afterEach(async () => {
  await Promise.all([
    ...engines.splice(0).map((engine) => engine.close()),
    ...peers.splice(0).map((peer) => peer.close()),
  ])
})

/** A worker that does as its test says. */
class FakeWorker extends EventEmitter implements WorkerLike {
  readonly told: (Command | Request)[] = []
  ended = false
  #lastPort = 20_000
  constructor(readonly silent: Method[] = []) {
    super()
  }
  get asked(): Request[] {
    return this.told.flatMap((each) => (each.type === 'request' ? [each] : []))
  }
  postMessage(messages: ToPlane): void {
    this.told.push(...messages)
    this.emit('told')
    for (const message of messages) {
      if (message.type !== 'request' || this.silent.includes(message.method)) continue
      queueMicrotask(() => this.answer(message))
    }
  }
  answer({ call, method }: Request): void {
    this.emit('message', [
      { type: 'result', call, result: method === 'lease' ? [(this.#lastPort += 2)] : undefined },
    ])
  }
  /** The newest of so many requests of a kind, once they are there. */
  async request(method: Method, count = 1): Promise<Request> {
    for (;;) {
      const found = this.asked.filter((each) => each.method === method)[count - 1]
      if (found) return found
      await once(this, 'told')
    }
  }
  terminate(): Promise<number> {
    this.ended = true
    return Promise.resolve(0)
  }
}

describe('the engine in its thread', () => {
  it('carries a call: ringback, both ways, a key, hold, and its end', async () => {
    const engine = await start()
    const [caller, callee] = [await phone(), await phone()]
    const a = await engine.createEndpoint({
      remoteSdp: caller.sdp({ codecs: ['0', '101 telephone-event/8000'] }),
    })
    caller.aim(a.localSdp)
    expect(await a.play({ kind: 'ringback', country: 'uk' })).toEqual({ audible: true })
    await caller.hears(3)

    const b = await engine.createEndpoint({ offerLike: a })
    await b.accept(callee.sdp({ codecs: ['8'] }))
    callee.aim(b.localSdp)
    await a.join(b)
    caller.say({ sequence: 1, timestamp: 160 })
    expect((await callee.hears(1))[0]?.payloadType).toBe(8)
    callee.say({ sequence: 1, timestamp: 160, payloadType: 8, payload: Buffer.alloc(160, 0x11) })
    await caller.hears(1, (packet) => packet.payload.length === 160 && new Set(packet.payload).size === 1)

    const dtmf = once(a, 'dtmf')
    caller.say({ sequence: 2, timestamp: 320, payloadType: 101, payload: Buffer.from([9, 0x8a, 3, 32]) })
    expect(await dtmf).toEqual([{ digit: '9', durationMs: 100 }])

    expect(await a.modify(caller.sdp({ direction: 'sendonly', version: 2 }))).toContain('a=recvonly')
    expect(a.direction).toBe('recvonly')
    expect(await b.reoffer({ direction: 'sendonly' })).toContain('a=sendonly')
    expect(a.codec).toBe('PCMU/8000')

    expect(await engine.stats()).toMatchObject({
      endpoints: 2,
      joins: 1,
      portsInUse: 2,
      tones: 0,
      packetsRelayed: 2,
    })
    expect(await a.counters()).toMatchObject({ packetsIn: 2, dtmfEvents: 1 })
    await Promise.all([a.close(), b.close()])
    expect(await engine.stats()).toMatchObject({ endpoints: 0, joins: 0, portsInUse: 0, tones: 0, timers: 0 })
    await expect(a.play({ kind: 'silence' })).rejects.toThrow(coded('unknown-endpoint'))
    await a.close()
  })

  it('tells of media that stopped', async () => {
    const engine = await start({ mediaTimeoutMs: 40 })
    const a = await engine.createEndpoint({ remoteSdp: sdp() })
    const [timeout] = (await once(a, 'media-timeout')) as [unknown]
    expect(timeout).toMatchObject({ joined: false, everReceived: false })
  })

  it('refuses with the code that the caller answers by', async () => {
    const engine = await start()
    await expect(engine.createEndpoint({ remoteSdp: sdp({ protocol: 'RTP/SAVP' }) })).rejects.toThrow(
      coded('not-acceptable'),
    )
    await expect(engine.createEndpoint({ remoteSdp: 'x' })).rejects.toThrow(coded('bad-sdp'))
    await expect(engine.createEndpoint({ codecs: ['?'] })).rejects.toThrow(coded('bad-option'))
    const a = await engine.createEndpoint()
    await expect(a.play({ kind: 'file', path: '/nowhere' })).rejects.toThrow(coded('bad-file'))
    expect((await engine.stats()).portsInUse).toBe(1)
  })

  it('offers what a caller offered, and answers what the callee took', async () => {
    const engine = await start()
    const offer = sdp({ codecs: ['96 opus/48000/2', '0'] })
    const b = await engine.createEndpoint({ offerLike: offer })
    expect(b.localSdp).toMatch(/^m=audio \d+ RTP\/AVP 96 0 8 /m)
    await b.accept(sdp({ codecs: ['96 opus/48000/2'] }))
    const a = await engine.createEndpoint({ remoteSdp: offer, answerLike: b })
    expect(a.codec).toBe('opus/48000/2')
    await a.join(b)
  })

  it('does not start on an address that this machine has not', async () => {
    await expect(startMediaEngine({ ...options(), host: '198.51.100.1' })).rejects.toThrow(
      coded('bad-option'),
    )
  })

  it('opens and closes a thousand endpoints and keeps nothing of them', async () => {
    const engine = await start()
    const endpoints = await Promise.all(
      Array.from({ length: 1000 }, () => engine.createEndpoint({ remoteSdp: sdp({ port: 9 }) })),
    )
    await Promise.all(endpoints.map((endpoint) => endpoint.play({ kind: 'silence' })))
    expect(await engine.stats()).toMatchObject({ endpoints: 1000, portsInUse: 1000, tones: 1000, timers: 2 })
    await Promise.all(endpoints.map((endpoint) => endpoint.close()))
    expect(await engine.stats()).toMatchObject({ endpoints: 0, portsInUse: 0, tones: 0, timers: 0 })
  })

  it('closes with calls in it, once, and is no loss', async () => {
    const engine = await start()
    const a = await engine.createEndpoint()
    const told: string[] = []
    engine.on('lost', () => told.push('engine'))
    a.on('lost', () => told.push('endpoint'))
    await Promise.all([engine.close(), engine.close()])
    expect(engine.state).toBe('closed')
    expect(a.ended).toBe(true)
    expect(told).toEqual([])
    await expect(engine.createEndpoint()).rejects.toThrow(coded('engine-lost'))
    await a.close()
  })
})

describe('an engine whose worker dies in a call', () => {
  it('rejects what is pending, tells each endpoint and itself, and frees the ports', async () => {
    const worker = spawnWorker()
    const ports = someRange(4)
    const engine = await MediaEngine.start(worker, { ...options(), ports })
    const [a, b] = await Promise.all([engine.createEndpoint(), engine.createEndpoint()])
    const order: string[] = []
    const watch = (name: string, endpoint: Endpoint) => endpoint.on('lost', () => order.push(name))
    watch('a', a)
    watch('b', b)
    const lost = once(engine, 'lost')
    const pending = [a.counters(), b.counters(), engine.stats()].map((each) =>
      each.catch((error: unknown) => error),
    )
    const killed = worker.terminate()
    for (const outcome of await Promise.all(pending)) {
      // What the worker had answered before it died is an answer.
      if (outcome instanceof Error) expect(outcome).toEqual(coded('engine-lost'))
    }
    expect(await lost).toEqual([coded('engine-lost')])
    await killed
    expect(order.sort()).toEqual(['a', 'b'])
    expect(engine.state).toBe('lost')
    await expect(a.counters()).rejects.toThrow(coded('engine-lost'))
    await a.close()
    await engine.close()
    const next = await start({ ports })
    await Promise.all(Array.from({ length: 4 }, () => next.createEndpoint()))
  })

  it('rejects every request that was on its way', async () => {
    const worker = new FakeWorker(['counters', 'stats'])
    const engine = await MediaEngine.start(worker, options())
    const a = await engine.createEndpoint()
    const pending = [a.counters(), engine.stats()]
    worker.emit('exit', 1)
    for (const each of pending) await expect(each).rejects.toThrow(coded('engine-lost'))
  })
})

describe('an endpoint that the worker could do nothing with', () => {
  it('is lost alone', async () => {
    const worker = new FakeWorker()
    const engine = await MediaEngine.start(worker, options())
    const [a, b] = [await engine.createEndpoint(), await engine.createEndpoint()]
    const lost = once(a, 'lost')
    const told = once(engine, 'fault')
    worker.emit('message', [{ type: 'fault', id: a.id, message: 'a defect' }])
    expect(await lost).toEqual([coded('internal')])
    expect(await told).toEqual([coded('internal')])
    expect([a.ended, b.ended, engine.state]).toEqual([true, false, 'running'])
    expect(engine.open).toBe(1)
    await expect
      .poll(() => worker.told.filter(({ type }) => type === 'remove'))
      .toEqual([{ type: 'remove', id: a.id }])
  })
})

describe('a worker that does not answer', () => {
  it('costs the call a deadline, and what comes late serves the next one', async () => {
    const worker = new FakeWorker(['lease'])
    const engine = await MediaEngine.start(worker, { ...options(), requestTimeoutMs: 20 })
    await expect(engine.createEndpoint()).rejects.toThrow(coded('deadline'))
    const again = engine.createEndpoint()
    worker.answer(await worker.request('lease', 2))
    expect(engine.state).toBe('running')
    expect((await again).localSdp).toContain('m=audio 20002 ')
  })

  it('loses no port that it leased too late', async () => {
    const worker = new FakeWorker(['lease'])
    const engine = await MediaEngine.start(worker, { ...options(), requestTimeoutMs: 20 })
    await expect(engine.createEndpoint()).rejects.toThrow(coded('deadline'))
    worker.answer(await worker.request('lease'))
    expect((await engine.createEndpoint()).localSdp).toContain('m=audio 20002 ')
  })

  it('to a second question either is lost and ended', async () => {
    const worker = new FakeWorker(['lease', 'stats'])
    const engine = await MediaEngine.start(worker, { ...options(), requestTimeoutMs: 20 })
    const lost = once(engine, 'lost')
    await expect(engine.createEndpoint()).rejects.toThrow(coded('deadline'))
    expect(await lost).toEqual([coded('engine-lost')])
    expect(worker.ended).toBe(true)
  })

  it('to what is told it either is found out by a question, and is lost', async () => {
    const worker = new FakeWorker(['ping', 'stats'])
    const engine = await MediaEngine.start(worker, { ...options(), requestTimeoutMs: 20 })
    const a = await engine.createEndpoint()
    const lost = once(a, 'lost')
    expect(await lost).toEqual([coded('engine-lost')])
    expect(worker.ended).toBe(true)
  })

  it('is found out while it is told nothing', async () => {
    vi.useFakeTimers()
    try {
      const worker = new FakeWorker(['stats'])
      const engine = await MediaEngine.start(worker, options())
      await engine.createEndpoint()
      await vi.advanceTimersByTimeAsync(100)
      worker.silent.push('ping')
      const lost = once(engine, 'lost')
      await vi.advanceTimersByTimeAsync(60_000)
      expect(await lost).toEqual([coded('engine-lost')])
      expect(worker.ended).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })

  it('can be given up on, and the port that was asked for serves the next call', async () => {
    const worker = new FakeWorker(['lease'])
    const engine = await MediaEngine.start(worker, options())
    const abort = new AbortController()
    const creating = engine.createEndpoint({ signal: abort.signal })
    abort.abort()
    await expect(creating).rejects.toThrow(coded('aborted'))
    await expect(engine.createEndpoint({ signal: abort.signal })).rejects.toThrow(coded('aborted'))
    worker.answer(await worker.request('lease'))
    expect((await engine.createEndpoint()).localSdp).toContain('m=audio 20002 ')
    expect(worker.told.flatMap((each) => (each.type === 'open' ? [each.port] : []))).toEqual([])
    await expect.poll(() => worker.told.filter(({ type }) => type === 'open').length).toBe(1)
  })

  it('at its start is ended', async () => {
    const worker = new FakeWorker(['start'])
    const starting = MediaEngine.start(worker, options())
    worker.emit('error', new Error('no such file'))
    await expect(starting).rejects.toThrow(coded('engine-lost'))
    expect(worker.ended).toBe(true)
  })
})
