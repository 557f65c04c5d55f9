import { readFile, stat } from 'node:fs/promises'
import { MediaError } from '../errors.js'
import type { ToneSpec } from '../types.js'
import { planTone, type TonePlan } from './plan.js'
import { synthesise, synthesiseNoise } from './synthesis.js'
import { Cadence, Recording, type Tone } from './tone.js'
import { parseWav } from './wav.js'

type SynthesisPlan = Exclude<TonePlan, { kind: 'file' }>

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
    if (plan.kind !== 'file') return this.#synthesised(plan)
    const key = await keyOf(plan.path)
    const tone = this.#kept.get(key) ?? (await this.#read(key, plan.path))
    this.#keep(key, tone)
    return tone
  }

  /** What can be had at once: all but files. @throws MediaError `bad-option` */
  atOnce(spec: ToneSpec): Tone | undefined {
    const plan = planTone(spec)
    return plan.kind === 'file' ? undefined : this.#synthesised(plan)
  }

  #synthesised(plan: SynthesisPlan): Tone {
    const key = JSON.stringify(plan)
    const tone = this.#kept.get(key) ?? synthesised(plan)
    this.#keep(key, tone)
    return tone
  }

  #read(key: string, path: string): Promise<Tone> {
    const underWay = this.#making.get(key)
    if (underWay) return underWay
    const making = read(path).finally(() => this.#making.delete(key))
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

async function keyOf(path: string): Promise<string> {
  const about = await stat(path).catch((cause: unknown) => {
    throw new MediaError('bad-file', `cannot read ${path}`, { cause })
  })
  // A pipe or a device may never end.
  if (!about.isFile()) throw new MediaError('bad-file', `${path}: not a file`)
  const { size, mtimeMs } = about
  if (size > MAX_FILE_BYTES) throw new MediaError('bad-file', `${path}: above ${MAX_FILE_BYTES} bytes`)
  return JSON.stringify([path, size, mtimeMs])
}

async function read(path: string): Promise<Tone> {
  const file = await readFile(path).catch((cause: unknown) => {
    throw new MediaError('bad-file', `cannot read ${path}`, { cause })
  })
  return new Recording(parseWav(file, path), file.length)
}

function synthesised(plan: SynthesisPlan): Tone {
  return new Cadence(plan.kind === 'cadence' ? synthesise(plan.segments) : synthesiseNoise())
}
