import { describe, expect, it } from 'vitest'
import { decodeG711, encodeG711, type G711 } from '../../../src/demo/rtp/g711.js'
import { audibleTones, candidateTones } from '../../../src/demo/rtp/goertzel.js'
import { describeSegments, Hearing } from '../../../src/demo/rtp/hearing.js'
import { toneFrames } from '../../../src/demo/rtp/tones.js'

/** Sound of several sines, in 16-bit samples at 8,000 Hz. */
function sound(ms: number, tones: readonly number[], peak = 6000): Int16Array {
  return Int16Array.from({ length: ms * 8 }, (_, n) =>
    tones.reduce((sum, hz) => sum + peak * Math.sin((2 * Math.PI * hz * n) / 8000), 0),
  )
}

describe.each(['PCMU', 'PCMA'] as const)('%s', (codec: G711) => {
  it('keeps sound within a few percent', () => {
    const samples = sound(20, [1000])
    const back = decodeG711(codec, encodeG711(codec, samples))
    const worst = Math.max(...samples.map((sample, i) => Math.abs(sample - (back[i] ?? 0)) / 6000))
    expect(worst).toBeLessThan(0.04)
  })

  it('codes silence and the extremes as G.711 has them', () => {
    const codes = [...encodeG711(codec, [0, 32767, -32768])]
    expect(codes).toEqual(codec === 'PCMU' ? [0xff, 0x80, 0x00] : [0xd5, 0xaa, 0x2a])
  })

  it.each([1000, 425, 437, 1])('loops a tone of %i Hz without a seam', (hz) => {
    const frames = toneFrames(codec, hz)
    const twice = [...frames, ...frames].flatMap((frame) => [...decodeG711(codec, frame)])
    const ideal = (n: number): number => 8000 * Math.sin((2 * Math.PI * hz * n) / 8000)
    expect(Math.max(...twice.map((sample, n) => Math.abs(sample - ideal(n))))).toBeLessThan(300)
  })
})

describe('tone detection', () => {
  it.each(candidateTones.map((hz) => [hz]))('knows %i Hz from all others', (hz) => {
    expect(audibleTones(sound(200, [hz]))).toEqual([hz])
  })

  it.each([
    [440, 480],
    [400, 450],
    [350, 440],
    [480, 620],
  ])('knows the pair %i+%i Hz', (a, b) => {
    expect(audibleTones(sound(200, [a, b]))).toEqual([a, b])
  })

  it('hears nothing in silence, and names no tone for noise', () => {
    expect(audibleTones(new Int16Array(1600))).toEqual([])
    let state = 1
    const noise = Int16Array.from({ length: 1600 }, () => {
      state = (state * 48271) % 2147483647
      return (state % 16000) - 8000
    })
    expect(audibleTones(noise)).toEqual([])
  })
})

describe('a listener', () => {
  it('tells what followed what, and how long it is heard', async () => {
    const hearing = new Hearing()
    const heard = hearing.hears([1000])
    hearing.write(sound(600, [440, 480]))
    hearing.write(sound(400, []))
    hearing.write(sound(600, [1000]))
    await heard
    const tones = hearing.segments.map((segment) => segment.tones.join('+'))
    expect(tones.filter((one) => ['440+480', '', '1000'].includes(one))).toEqual(['440+480', '', '1000'])
    hearing.close()
  })

  it('says in its error what it heard instead', async () => {
    const hearing = new Hearing()
    hearing.write(sound(600, [425]))
    await expect(hearing.hears([1000], 10)).rejects.toThrow(/no sound of 1000 Hz within 10 ms; heard/)
  })

  it('describes in words, without the seams', () => {
    const segments = [
      { from: 0, to: 2000, tones: [440, 480] },
      { from: 2000, to: 2100, tones: [440, 480, 1000] },
      { from: 2100, to: 2500, tones: [] },
    ]
    expect(describeSegments(segments)).toBe('440+480 Hz 2.0 s, silence 0.4 s')
    expect(describeSegments([])).toBe('nothing')
  })
})
