import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { decoder, encodeA, encodeMu } from '../../../src/embedded/media/g711.js'
import { ToneLibrary } from '../../../src/embedded/media/tones/library.js'
import { countries, planTone } from '../../../src/embedded/media/tones/plan.js'
import type { ToneSpec } from '../../../src/embedded/media/types.js'
import { recordings, toneWav, wav, WAV } from '../../support/wav.js'

type Law = 'PCMU' | 'PCMA'

/** What is heard of a tone in a time, in 16 bit linear. */
async function listen(spec: ToneSpec, law: Law, ms: number): Promise<number[]> {
  const tone = await new ToneLibrary().get(spec)
  const decode = decoder(law)
  return Array.from({ length: ms / 20 }, (_, index) => tone.looped(law, index)).flatMap((frame) =>
    Array.from(frame, decode),
  )
}

/** Amplitude of one frequency in a stretch of samples (Goertzel). */
function amplitude(samples: number[], frequency: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * frequency) / 8000)
  let [one, two] = [0, 0]
  for (const sample of samples) [one, two] = [sample + turn * one - two, one]
  return (2 * Math.sqrt(one * one + two * two - turn * one * two)) / samples.length
}

/** On and off times in ms, to 10 ms, of a whole number of cycles. */
function cadence(samples: number[]): number[] {
  const loud: boolean[] = []
  for (let at = 0; at < samples.length; at += 80) {
    const power = samples.slice(at, at + 80).reduce((sum, sample) => sum + sample * sample, 0) / 80
    loud.push(power > 200 * 200)
  }
  const runs: number[] = []
  loud.forEach((now, index) => {
    if (index > 0 && loud[index - 1] === now) runs[runs.length - 1]! += 10
    else runs.push(10)
  })
  return runs
}

const RINGBACK: [string, number[], number[]][] = [
  ['us', [440, 480], [2000, 4000]],
  ['uk', [400, 450], [400, 200, 400, 2000]],
  ['de', [425], [1000, 4000]],
  ['fr', [440], [1500, 3500]],
  ['il', [400], [1000, 3000]],
  ['jp', [400], [1000, 2000]],
  ['in', [400], [400, 200, 400, 2000]],
]

describe.each(['PCMU', 'PCMA'] as const)('ringback in %s', (law) => {
  it.each(RINGBACK)('of %s has its frequencies and cadence', async (country, frequencies, expected) => {
    const cycle = expected.reduce((sum, ms) => sum + ms, 0)
    const samples = await listen({ kind: 'ringback', country }, law, 2 * cycle)
    expect(cadence(samples)).toEqual([...expected, ...expected])
    // A whole number of periods of any multiple of 2.5 Hz.
    const sound = samples.slice(0, 3200)
    for (const frequency of frequencies) expect(amplitude(sound, frequency)).toBeGreaterThan(1500)
    for (const other of [350, 425, 440, 480, 620].filter((each) =>
      frequencies.every((f) => Math.abs(f - each) > 30),
    )) {
      expect(amplitude(sound, other)).toBeLessThan(600)
    }
  })
})

describe('a tone', () => {
  it('is modulated in Japan and in India', async () => {
    for (const [country, modulation] of [
      ['jp', 16],
      ['in', 25],
    ] as const) {
      const sound = (await listen({ kind: 'ringback', country }, 'PCMU', 400)).slice(0, 3200)
      expect(amplitude(sound, 400 - modulation)).toBeGreaterThan(400)
      expect(amplitude(sound, 400 + modulation)).toBeGreaterThan(400)
    }
  })

  it('says busy and congestion in each country’s own way', async () => {
    const uk = await listen({ kind: 'busy', country: 'GB' }, 'PCMA', 1500)
    expect(cadence(uk)).toHaveLength(4)
    for (const ms of cadence(uk)) expect(Math.abs(ms - 375)).toBeLessThan(10)
    const us = await listen({ kind: 'congestion', country: 'us' }, 'PCMU', 1000)
    expect(cadence(us)).toEqual([250, 250, 250, 250])
    expect(amplitude(us.slice(0, 1600), 620)).toBeGreaterThan(1500)
  })

  it('is there for every country in the list, and as the ITU advises for the others', () => {
    expect(countries).toEqual(expect.arrayContaining(['us', 'gb', 'de', 'fr', 'il', 'jp', 'in']))
    for (const country of countries) {
      for (const kind of ['ringback', 'busy', 'congestion'] as const) {
        expect(planTone({ kind, country })).toMatchObject({ kind: 'cadence' })
      }
    }
    expect(planTone({ kind: 'ringback', country: 'zz' })).toEqual({
      kind: 'cadence',
      segments: [
        { frequencies: [425], ms: 1000 },
        { frequencies: [], ms: 4000 },
      ],
    })
  })

  it('for connecting is unlike any ringback', async () => {
    const samples = await listen({ kind: 'connecting' }, 'PCMU', 2000)
    expect(cadence(samples)).toEqual([120, 40, 120, 40, 160, 1520])
    expect(amplitude(samples.slice(0, 960), 523)).toBeGreaterThan(1500)
    expect(amplitude(samples.slice(2560, 3840), 784)).toBeGreaterThan(1500)
  })

  it('begins and ends without a click', async () => {
    const samples = await listen({ kind: 'ringback', country: 'de' }, 'PCMU', 1000)
    for (const edge of [samples.slice(0, 4), samples.slice(-4)]) {
      for (const sample of edge) expect(Math.abs(sample)).toBeLessThan(700)
    }
  })

  it('of comfort is faint and not nothing', async () => {
    const samples = await listen({ kind: 'comfort' }, 'PCMA', 1000)
    const power = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
    expect(power).toBeGreaterThan(5)
    expect(power).toBeLessThan(60)
  })

  it('of silence is digital silence', async () => {
    expect(new Set(await listen({ kind: 'silence' }, 'PCMU', 100))).toEqual(new Set([0]))
  })

  it('is made once, with one frame for all its silence', async () => {
    const library = new ToneLibrary()
    const tone = await library.get({ kind: 'ringback', country: 'de' })
    expect(await library.get({ kind: 'ringback', country: 'DE' })).toBe(tone)
    expect(tone.length).toBe(250)
    expect(tone.looped('PCMU', 250)).toBe(tone.looped('PCMU', 0))
    const silence = Array.from({ length: 200 }, (_, index) => tone.once('PCMU', 50 + index))
    expect(new Set(silence)).toHaveProperty('size', 1)
  })

  it.each([
    ['of nothing', { kind: 'segments', segments: [] }],
    ['without end', { kind: 'segments', segments: [{ frequencies: [400], ms: 1e9 }] }],
    ['that no telephone carries', { kind: 'segments', segments: [{ frequencies: [9000], ms: 100 }] }],
    ['of no kind', { kind: 'polka' } as unknown as ToneSpec],
  ] as [string, ToneSpec][])('%s is refused', (_, spec) => {
    expect(() => planTone(spec)).toThrow(expect.objectContaining({ code: 'bad-option' }))
  })
})

describe('a file', () => {
  const samples = Array.from({ length: 400 }, (_, at) => Math.round(8000 * Math.sin(at / 3)))
  const pcm = Buffer.from(Int16Array.from(samples).buffer)

  async function withFile<T>(content: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
    const folder = await recordings({ 'sound.wav': content })
    try {
      return await use(folder.path('sound.wav'))
    } finally {
      await folder.remove()
    }
  }

  it.each([
    ['16 bit', wav(pcm)],
    ['A-law', wav(Buffer.from(samples.map(encodeA)), { code: WAV.aLaw, bits: 8 })],
    ['mu-law', wav(Buffer.from(samples.map(encodeMu)), { code: WAV.muLaw, bits: 8 })],
  ])('in %s is played, up to a whole frame with silence', async (_, content) => {
    const heard = await withFile(content, (path) => listen({ kind: 'file', path }, 'PCMU', 60))
    samples.forEach((sample, at) =>
      expect(Math.abs(heard[at]! - sample)).toBeLessThan(Math.abs(sample) / 12 + 20),
    )
    expect(heard.slice(400)).toEqual(Array(80).fill(0))
  })

  it.each([
    ['no WAV', Buffer.from('RIFX')],
    ['stereo', wav(pcm, { channels: 2 })],
    ['too fast', wav(pcm, { rate: 44_100 })],
    ['of another coding', wav(pcm, { code: WAV.float, bits: 32 })],
    ['empty', wav(Buffer.alloc(0))],
  ])('that is %s is refused', async (_, content) => {
    await expect(withFile(content, (path) => listen({ kind: 'file', path }, 'PCMU', 20))).rejects.toThrow(
      expect.objectContaining({ code: 'bad-file' }),
    )
  })

  it('at 16000 Hz sounds as it does, without what a telephone cannot carry', async () => {
    const listenTo = (hz: number) =>
      withFile(toneWav(hz, 400, 16_000), (path) => listen({ kind: 'file', path }, 'PCMU', 400))
    for (const hz of [300, 1000, 3000]) {
      const heard = (await listenTo(hz)).slice(80, 3120)
      expect(amplitude(heard, hz) / 11_000).toBeCloseTo(1, 1)
    }
    // Folded back, 5000 Hz would be heard as 3000.
    const heard = (await listenTo(5000)).slice(80, 3120)
    expect(Math.max(...heard.map(Math.abs))).toBeLessThan(60)
  })

  it('is read once, and again when it has changed', async () => {
    const folder = await recordings({ 'sound.wav': wav(pcm) })
    const spec = { kind: 'file', path: folder.path('sound.wav') } as const
    try {
      const library = new ToneLibrary()
      const [tone, same] = await Promise.all([library.get(spec), library.get(spec)])
      expect(same).toBe(tone)
      expect(await library.get(spec)).toBe(tone)
      await writeFile(spec.path, toneWav(400, 100))
      expect((await library.get(spec)).length).toBe(5)
    } finally {
      await folder.remove()
    }
  })

  it('is forgotten, the one first that was played longest ago, where many are more than memory holds', async () => {
    const names = ['a', 'b', 'c']
    const folder = await recordings(Object.fromEntries(names.map((name) => [name, toneWav(400, 1000)])))
    const get = (library: ToneLibrary, name: string) => library.get({ kind: 'file', path: folder.path(name) })
    try {
      const { bytes } = await get(new ToneLibrary(), 'a')
      const library = new ToneLibrary({ tones: 10, bytes: 2 * bytes })
      const a = await get(library, 'a')
      await get(library, 'b')
      expect(await get(library, 'a')).toBe(a)
      await get(library, 'c')
      expect(library.size).toEqual({ tones: 2, bytes: 2 * bytes })
      expect(await get(library, 'a')).toBe(a)
    } finally {
      await folder.remove()
    }
  })

  it('that is a folder is refused, and one that is too long', async () => {
    const folder = await recordings({ 'long.wav': wav(Buffer.alloc(8 * 1024 * 1024)) })
    try {
      for (const path of [folder.path('.'), folder.path('long.wav')]) {
        await expect(listen({ kind: 'file', path }, 'PCMU', 20)).rejects.toThrow(
          expect.objectContaining({ code: 'bad-file' }),
        )
      }
    } finally {
      await folder.remove()
    }
  })

  it('that is not there is refused', async () => {
    await expect(listen({ kind: 'file', path: '/nowhere.wav' }, 'PCMU', 20)).rejects.toThrow(
      expect.objectContaining({ code: 'bad-file' }),
    )
  })
})
