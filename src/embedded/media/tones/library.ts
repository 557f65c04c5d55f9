import { readFile, stat } from 'node:fs/promises'
import { MediaError } from '../errors.js'
import type { ToneSpec } from '../types.js'
import { planTone, type TonePlan } from './plan.js'
import { synthesise, synthesiseNoise } from './synthesis.js'
import { Cadence, Recording, type Tone } from './tone.js'
import { parseWav } from './wav.js'

const MAX_FILE_BYTES = 8 * 1024 * 1024
/** Cadences can be made up by the caller of `play`, and recordings change, so what is kept has bounds. */
const LIMITS = { tones: 64, bytes: 64 * 1024 * 1024 }

/** Makes each tone once; a recording anew when its file has changed. */
export class ToneLibrary {
  readonly #kept = new Map<string, Tone>()
  readonly #making = new Map<string, Promise<Tone>>()
  readonly #limits: typeof LIMITS
  #bytes = 0

  constructor(limits = LIMITS) {
    this.#limits = limits
  }

  /** What is kept, and what it takes. */
  get size(): { readonly tones: number; readonly bytes: number } {
    return { tones: this.#kept.size, bytes: this.#bytes }
  }

  /** @throws MediaError `bad-option`, `bad-file` */
  async get(spec: ToneSpec): Promise<Tone> {
    const plan = planTone(spec)
    const key = await keyOf(plan)
    const tone = this.#kept.get(key) ?? (await this.#make(key, plan))
    this.#keep(key, tone)
    return tone
  }

  #make(key: string, plan: TonePlan): Promise<Tone> {
    const underWay = this.#making.get(key)
    if (underWay) return underWay
    const making = make(plan).finally(() => this.#making.delete(key))
    this.#making.set(key, making)
    return making
  }

  /** Taken out and put back: the map's order is that of last use. */
  #keep(key: string, tone: Tone): void {
    this.#drop(key)
    this.#kept.set(key, tone)
    this.#bytes += tone.bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#limits.tones && this.#bytes <= this.#limits.bytes) return
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0
    this.#kept.delete(key)
  }
}

async function keyOf(plan: TonePlan): Promise<string> {
  if (plan.kind !== 'file') return JSON.stringify(plan)
  const about = await stat(plan.path).catch((cause: unknown) => {
    throw new MediaError('bad-file', `cannot read ${plan.path}`, { cause })
  })
  // A pipe or a device may never end.
  if (!about.isFile()) throw new MediaError('bad-file', `${plan.path}: not a file`)
  const { size, mtimeMs } = about
  if (size > MAX_FILE_BYTES) throw new MediaError('bad-file', `${plan.path}: above ${MAX_FILE_BYTES} bytes`)
  return JSON.stringify([plan.path, size, mtimeMs])
}

async function make(plan: TonePlan): Promise<Tone> {
  switch (plan.kind) {
    case 'cadence':
      return new Cadence(synthesise(plan.segments))
    case 'noise':
      return new Cadence(synthesiseNoise())
    case 'file': {
      const file = await readFile(plan.path).catch((cause: unknown) => {
        throw new MediaError('bad-file', `cannot read ${plan.path}`, { cause })
      })
      return new Recording(parseWav(file, plan.path), file.length)
    }
    default:
      return plan satisfies never
  }
}
