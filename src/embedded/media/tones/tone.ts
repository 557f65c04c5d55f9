import { encoder } from '../g711.js'
import type { Law } from '../sdp/codecs.js'
import type { Samples } from './samples.js'
import { encodeFrames, FRAME_SAMPLES } from './synthesis.js'

/** A sound in 20 ms frames, shared by every endpoint that plays it. */
export interface Tone {
  /** How many frames it takes to hear it once. */
  readonly length: number
  /** What it keeps in memory at most, about. */
  readonly bytes: number
  /** The frame at a place of one hearing, below `length`; the last one ends in silence. */
  once(law: Law, position: number): Uint8Array
  /** The frame at a place of an endless repetition. */
  looped(law: Law, position: number): Uint8Array
}

/** A tone whose cycle begins anew to the sample, wherever in a frame that is. */
export class Cadence implements Tone {
  readonly length: number
  readonly bytes: number
  readonly #cycle: Int16Array
  readonly #whole: Int16Array
  readonly #once = new Map<Law, readonly Uint8Array[]>()
  readonly #looped = new Map<Law, readonly Uint8Array[]>()

  constructor(cycle: Int16Array) {
    this.length = Math.ceil(cycle.length / FRAME_SAMPLES)
    this.bytes = cycle.length * 4
    this.#cycle = cycle
    this.#whole = new Int16Array(this.length * FRAME_SAMPLES)
    this.#whole.set(cycle)
  }

  once(law: Law, position: number): Uint8Array {
    const frames = kept(this.#once, law, () => encodeFrames(this.#whole, law))
    return frames[position % frames.length]!
  }

  looped(law: Law, position: number): Uint8Array {
    const frames = kept(this.#looped, law, () => encodeFrames(this.#cycle, law))
    return frames[position % frames.length]!
  }
}

/**
 * A recording, encoded frame by frame as it is first heard: the thread that would encode a long one at once also
 * relays every call.
 */
export class Recording implements Tone {
  readonly length: number
  readonly bytes: number
  readonly #samples: Samples
  readonly #encoded = new Map<Law, { readonly bytes: Uint8Array; readonly done: Uint8Array }>()

  /** @param fileBytes what the samples are read from */
  constructor(samples: Samples, fileBytes: number) {
    this.length = Math.ceil(samples.length / FRAME_SAMPLES)
    // Beside the file, a byte a sample in each law.
    this.bytes = fileBytes + 2 * samples.length
    this.#samples = samples
  }

  once(law: Law, position: number): Uint8Array {
    const { bytes, done } = kept(this.#encoded, law, () => ({
      bytes: new Uint8Array(this.length * FRAME_SAMPLES),
      done: new Uint8Array(this.length),
    }))
    const start = position * FRAME_SAMPLES
    const frame = bytes.subarray(start, start + FRAME_SAMPLES)
    if (done[position] === 0) {
      done[position] = 1
      const encode = encoder(law)
      for (let at = 0; at < FRAME_SAMPLES; at += 1) frame[at] = encode(this.#sample(start + at))
    }
    return frame
  }

  looped(law: Law, position: number): Uint8Array {
    return this.once(law, position % this.length)
  }

  #sample(index: number): number {
    return index < this.#samples.length ? this.#samples.at(index) : 0
  }
}

function kept<V>(known: Map<Law, V>, law: Law, make: () => V): V {
  const before = known.get(law)
  if (before !== undefined) return before
  const made = make()
  known.set(law, made)
  return made
}
