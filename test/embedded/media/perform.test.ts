import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MediaEngine } from '../../../src/embedded/media/index.js'
import { spawnWorker } from '../../../src/embedded/media/spawn.js'
import type { ToneSpec } from '../../../src/embedded/media/types.js'
import { recordings, toneWav, wav } from '../../support/wav.js'
import { Bench, someRange } from './support/bench.js'
import { RtpPeer, type Rtp } from './support/peer.js'

const coded = (code: string) => expect.objectContaining({ code }) as Error

let files: Awaited<ReturnType<typeof recordings>>
const file = (name: string): ToneSpec => ({ kind: 'file', path: files.path(name) })

beforeAll(async () => {
  files = await recordings({
    // Silence of so many frames, so that what is heard can be told apart: 0xff in mu-law, and a tone else.
    'three.wav': toneWav(1000, 60),
    'odd.wav': toneWav(1000, 50),
    'two-of-silence.wav': wav(Buffer.alloc(640)),
    'bad.wav': Buffer.from('RIFX'),
  })
})
afterAll(() => files.remove())

const isSilence = ({ payload }: Rtp): boolean => payload.every((byte) => byte === 0xff)
/** `s` for a frame of silence, `t` for one with a tone. */
const written = (heard: readonly Rtp[]): string => heard.map((each) => (isSilence(each) ? 's' : 't')).join('')

describe('sounds that are performed', () => {
  const perform = (bench: Bench, id: string, tones: readonly ToneSpec[], times = 1, performance = 1) =>
    bench.core.perform(id, { performance, tones, times })

  it('are heard one after the other to the frame, as often as is asked, and their end is told', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['0'] })
    await perform(bench, a.id, [file('three.wav'), file('two-of-silence.wav')], 2)
    expect(bench.core.stats().tones).toBe(1)
    expect(await bench.event('performed')).toEqual({
      type: 'performed',
      id: a.id,
      detail: { performance: 1, how: 'finished' },
    })
    expect(written(await a.peer.hears(10))).toBe('tttsstttss')
    expect(a.peer.heard.filter(({ marker }) => marker)).toHaveLength(1)
    expect(bench.core.stats()).toMatchObject({ tones: 0, timers: 1, packetsPlayed: 10 })
  })

  it('are heard in the law that was agreed, a recording of odd length up to a whole frame', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['8'] })
    await perform(bench, a.id, [file('odd.wav')])
    await bench.event('performed')
    const heard = await a.peer.hears(3)
    expect(heard.every(({ payloadType }) => payloadType === 8)).toBe(true)
    expect(heard[2]?.payload.subarray(80).every((byte) => byte === 0xd5)).toBe(true)
  })

  it('may be tones, heard for one cadence', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['0'] })
    // 30 ms: its repetition would begin inside a frame, one hearing ends with it.
    const segments = [
      { frequencies: [1000], ms: 20 },
      { frequencies: [], ms: 10 },
    ]
    await perform(bench, a.id, [{ kind: 'segments', segments }], 2)
    await bench.event('performed')
    expect(written(await a.peer.hears(4))).toBe('tsts')
  })

  it('are over at once where there are none', async () => {
    const bench = new Bench()
    const a = await bench.caller()
    await bench.core.play(a.id, { kind: 'comfort' })
    await perform(bench, a.id, [])
    expect((await bench.event('performed')).detail.how).toBe('finished')
    expect(bench.core.stats().tones).toBe(0)
  })

  it.each<[string, (bench: Bench, id: string) => unknown]>([
    ['another tone', (bench, id) => bench.core.play(id, { kind: 'silence' })],
    ['another performance', (bench, id) => perform(bench, id, [{ kind: 'comfort' }], 9, 2)],
    ['an order to stop', (bench, id) => bench.core.stop(id)],
    ['the end of the endpoint', (bench, id) => bench.core.remove(id)],
    [
      'a join',
      async (bench, id) => {
        const { id: other } = await bench.callee({}, { joinable: id })
        bench.core.join(id, other)
      },
    ],
  ])('are stopped by %s, which is told once', async (_, stop) => {
    const bench = new Bench()
    const a = await bench.caller()
    await perform(bench, a.id, [{ kind: 'ringback', country: 'us' }])
    await a.peer.hears(2)
    await stop(bench, a.id)
    expect((await bench.event('performed')).detail).toEqual({ performance: 1, how: 'stopped' })
    expect(bench.events).toEqual([])
  })

  it('are stopped by what is wanted while they are still being read', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['0'] })
    const first = perform(bench, a.id, [file('three.wav')], 100, 1)
    const second = perform(bench, a.id, [file('three.wav')], 1, 2)
    await Promise.all([first, second])
    expect((await bench.event('performed')).detail).toEqual({ performance: 1, how: 'stopped' })
    expect((await bench.event('performed')).detail).toEqual({ performance: 2, how: 'finished' })
    expect(written(await a.peer.hears(3))).toBe('ttt')
  })

  it('are refused where one cannot be played, and what is played goes on', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['0'] })
    await bench.core.play(a.id, { kind: 'silence' })
    await expect(perform(bench, a.id, [file('three.wav'), file('bad.wav')])).rejects.toThrow(
      coded('bad-file'),
    )
    await expect(perform(bench, a.id, [file('three.wav')], 0)).rejects.toThrow(coded('bad-option'))
    await a.peer.hears(5)
    expect(written(a.peer.heard)).not.toContain('t')
    expect(bench.core.stats().tones).toBe(1)
    expect(bench.events).toEqual([])
  })

  it('are refused in a codec that nothing can be played in, and over a join', async () => {
    const bench = new Bench()
    const a = await bench.caller({ codecs: ['96 opus/48000/2'] })
    await expect(perform(bench, a.id, [file('three.wav')])).rejects.toThrow(coded('not-acceptable'))
    const [b] = await bench.call()
    await expect(perform(bench, b.id, [file('three.wav')])).rejects.toThrow(coded('bad-state'))
  })

  it('come to their end in their time also where the peer may be sent nothing', async () => {
    const bench = new Bench()
    const a = await bench.caller({ direction: 'sendonly' })
    await perform(bench, a.id, [file('three.wav')])
    expect((await bench.event('performed')).detail.how).toBe('finished')
    expect(a.peer.heard).toEqual([])
  })
})

describe('a performance of the engine in its thread', () => {
  const open = async () => {
    const worker = spawnWorker()
    const ports = someRange(10)
    const engine = await MediaEngine.start(worker, { host: '127.0.0.1', ports, portRestMs: 0 })
    const peer = await RtpPeer.open()
    const endpoint = await engine.createEndpoint({ remoteSdp: peer.sdp({ codecs: ['0'] }) })
    const close = async () => {
      await engine.close()
      await peer.close()
    }
    return { worker, engine, peer, endpoint, close }
  }

  it('resolves at its end, and when it is stopped', async () => {
    const { engine, endpoint, close } = await open()
    expect(await endpoint.perform([file('three.wav')], 2)).toBe('finished')
    const first = endpoint.perform([{ kind: 'comfort' }], 99)
    const second = endpoint.perform([file('three.wav')])
    expect(await Promise.all([first, second])).toEqual(['stopped', 'finished'])
    await expect(endpoint.perform([file('bad.wav')])).rejects.toThrow(coded('bad-file'))
    expect(await engine.stats()).toMatchObject({ tones: 0, timers: 1 })
    await close()
  })

  it('is stopped by its endpoint’s end, and by the engine’s', async () => {
    const { engine, endpoint, peer, close } = await open()
    const closed = endpoint.perform([{ kind: 'comfort' }], 99)
    await peer.hears(2)
    await endpoint.close()
    expect(await closed).toBe('stopped')
    const other = await engine.createEndpoint()
    const ended = other.perform([{ kind: 'comfort' }], 99)
    await engine.close()
    expect(await ended).toBe('stopped')
    await close()
  })

  it('rejects where the engine dies of it or beside it', async () => {
    const { worker, engine, endpoint, peer, close } = await open()
    const lost = once(engine, 'lost')
    const performing = endpoint.perform([{ kind: 'comfort' }], 99)
    await peer.hears(2)
    void worker.terminate()
    await expect(performing).rejects.toThrow(coded('engine-lost'))
    await lost
    await expect(endpoint.perform([{ kind: 'comfort' }])).rejects.toThrow(coded('engine-lost'))
    await close()
  })
})
