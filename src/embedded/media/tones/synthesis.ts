import { encoder } from '../g711.js'
import type { Law } from '../sdp/codecs.js'
import type { ToneSegment } from '../types.js'

export const SAMPLE_RATE = 8000
/** Samples of 20 ms. */
export const FRAME_SAMPLES = 160

/** Peak of a sine at 0 dBm0, in 16 bit linear: full scale is +3.17 dBm0 (G.711 §6). */
const ZERO_DBM0 = 22_300
/** All frequencies of a tone together, in dBm0. */
const LEVEL = -14
const NOISE_LEVEL = -58
/** A tone that begins or ends at once clicks: in samples, 4 ms. */
const RAMP = 32
const MODULATION_DEPTH = 0.85

/** One cycle of a cadence in 16 bit linear. */
export function synthesise(segments: readonly ToneSegment[]): Int16Array {
  const lengths = segments.map((segment) => Math.round((segment.ms * SAMPLE_RATE) / 1000))
  const cycle = new Int16Array(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  segments.forEach((segment, index) => {
    const length = lengths[index] ?? 0
    fill(cycle.subarray(at, at + length), segment)
    at += length
  })
  return cycle
}

function fill(samples: Int16Array, { frequencies, modulation }: ToneSegment): void {
  if (frequencies.length === 0) return
  const amplitude = (ZERO_DBM0 * 10 ** (LEVEL / 20)) / Math.sqrt(frequencies.length)
  for (let index = 0; index < samples.length; index += 1) {
    const time = (2 * Math.PI * index) / SAMPLE_RATE
    let sum = 0
    for (const frequency of frequencies) sum += Math.sin(frequency * time)
    const swell = modulation === undefined ? 1 : 1 + MODULATION_DEPTH * Math.sin(modulation * time)
    const edge = Math.min(1, (index + 1) / RAMP, (samples.length - index) / RAMP)
    samples[index] = Math.round(amplitude * sum * swell * edge)
  }
}

/** Two seconds of faint white noise, the same each time. */
export function synthesiseNoise(): Int16Array {
  const peak = ZERO_DBM0 * 10 ** (NOISE_LEVEL / 20) * Math.sqrt(1.5)
  let state = 0x2545f491
  return Int16Array.from({ length: 2 * SAMPLE_RATE }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return Math.round((state / 2 ** 31) * peak)
  })
}

/**
 * A cycle as 20 ms frames of G.711, as many as it takes until a cycle ends with a frame. Equal frames, silence
 * above all, are one and the same array.
 */
export function encodeFrames(cycle: Int16Array, law: Law): Uint8Array[] {
  const encode = encoder(law)
  const bytes = Uint8Array.from(cycle, encode)
  const count = leastCommonMultiple(bytes.length, FRAME_SAMPLES) / FRAME_SAMPLES
  const shared = new Map<string, Uint8Array>()
  return Array.from({ length: count }, (_, index) => {
    const frame = new Uint8Array(FRAME_SAMPLES)
    for (let at = 0; at < FRAME_SAMPLES; at += 1) {
      frame[at] = bytes[(index * FRAME_SAMPLES + at) % bytes.length]!
    }
    const key = Buffer.from(frame).toString('latin1')
    const known = shared.get(key) ?? frame
    shared.set(key, known)
    return known
  })
}

function leastCommonMultiple(a: number, b: number): number {
  return (a / greatestCommonDivisor(a, b)) * b
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
