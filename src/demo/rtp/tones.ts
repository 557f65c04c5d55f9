import { encodeG711, isG711, type G711 } from './g711.js'

const sampleRate = 8000
const samplesPerFrame = 160

const framesByTone = new Map<string, readonly Buffer[]>()

/**
 * Frames of 20 ms that loop without a seam; made once for each tone and shared by all who play it.
 * `hz` is a whole number; level is the peak of the 16-bit samples.
 */
export function toneFrames(codec: string, hz: number, peak = 8000): readonly Buffer[] {
  const key = `${codec}/${hz}/${peak}`
  const known = framesByTone.get(key)
  if (known !== undefined) return known
  const frames = isG711(codec) ? soundFrames(codec, hz, peak) : [Buffer.alloc(40, hz & 0xff)]
  framesByTone.set(key, frames)
  return frames
}

function soundFrames(codec: G711, hz: number, peak: number): Buffer[] {
  // 20 ms hold hz/50 periods: after this many frames the tone is at phase zero again.
  const count = 50 / greatestCommonDivisor(50, hz)
  return Array.from({ length: count }, (_, frame) => {
    const samples = Array.from({ length: samplesPerFrame }, (_, i) => {
      const n = frame * samplesPerFrame + i
      return Math.round(peak * Math.sin((2 * Math.PI * hz * n) / sampleRate))
    })
    return encodeG711(codec, samples)
  })
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
