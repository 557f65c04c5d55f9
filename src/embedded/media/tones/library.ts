import { readFile, stat } from 'node:fs/promises'
import { MediaError } from '../errors.js'
import type { Law } from '../sdp/codecs.js'
import type { ToneSpec } from '../types.js'
import { planTone, type TonePlan } from './plan.js'
import { encodeFrames, FRAME_SAMPLES, synthesise, synthesiseNoise } from './synthesis.js'
import { parseWav } from './wav.js'

/** A sound ready to be sent, shared by every endpoint that plays it. */
export class Tone {
  readonly #cycle: Int16Array
  readonly #frames = new Map<Law, Uint8Array[]>()

  constructor(cycle: Int16Array) {
    this.#cycle = cycle
  }

  /** 20 ms each; looping over them loops the sound. */
  frames(law: Law): readonly Uint8Array[] {
    const known = this.#frames.get(law)
    if (known) return known
    const made = encodeFrames(this.#cycle, law)
    this.#frames.set(law, made)
    return made
  }
}

const MAX_FILE_BYTES = 8 * 1024 * 1024
/** Cadences can be made up by the caller of `play`, so their number has a bound. */
const MAX_KEPT = 64

/** Makes each tone once. */
export class ToneLibrary {
  readonly #kept = new Map<string, Tone>()

  /** @throws MediaError `bad-option`, `bad-file` */
  async get(spec: ToneSpec): Promise<Tone> {
    const plan = planTone(spec)
    const key = await keyOf(plan)
    const known = this.#kept.get(key)
    const tone = known ?? new Tone(await cycleOf(plan))
    // Taken out and put back: the map's order is that of last use.
    this.#kept.delete(key)
    this.#kept.set(key, tone)
    const oldest = this.#kept.keys().next().value
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    return tone
  }
}

async function keyOf(plan: TonePlan): Promise<string> {
  if (plan.kind !== 'file') return JSON.stringify(plan)
  const { size, mtimeMs } = await stat(plan.path).catch((cause: unknown) => {
    throw new MediaError('bad-file', `cannot read ${plan.path}`, { cause })
  })
  if (size > MAX_FILE_BYTES) throw new MediaError('bad-file', `${plan.path}: above ${MAX_FILE_BYTES} bytes`)
  return JSON.stringify([plan.path, size, mtimeMs])
}

async function cycleOf(plan: TonePlan): Promise<Int16Array> {
  switch (plan.kind) {
    case 'cadence':
      return synthesise(plan.segments)
    case 'noise':
      return synthesiseNoise()
    case 'file':
      return padded(parseWav(await readFile(plan.path), plan.path))
    default:
      return plan satisfies never
  }
}

/** Up to a whole frame with silence: a recording of odd length would otherwise be cut anew in each round. */
function padded(samples: Int16Array): Int16Array {
  const whole = new Int16Array(Math.ceil(samples.length / FRAME_SAMPLES) * FRAME_SAMPLES)
  whole.set(samples)
  return whole
}
