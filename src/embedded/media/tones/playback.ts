import type { Law } from '../sdp/codecs.js'
import type { Tone } from './tone.js'

/** How sounds came to their end: after the last one, or because something else was wanted. */
export type PlaybackEnd = 'finished' | 'stopped'

/** What one endpoint is playing, and how far it is. */
export interface Playback {
  /** Goes on by so many frames. @returns false where it is over */
  advance(frames: number): boolean
  /** The present frame; after an `advance` that returned true. */
  frame(law: Law): Uint8Array
}

/** A tone over and over. */
export class Loop implements Playback {
  readonly #tone: Tone
  #position = -1

  constructor(tone: Tone) {
    this.#tone = tone
  }

  advance(frames: number): boolean {
    this.#position += frames
    return true
  }

  frame(law: Law): Uint8Array {
    return this.#tone.looped(law, this.#position)
  }
}

/** Tones one after the other, each heard once, and all of them so many times. */
export class Sequence implements Playback {
  readonly #tones: readonly Tone[]
  readonly #last: number
  #index = 0
  #position = -1

  constructor(tones: readonly Tone[], times: number) {
    this.#tones = tones
    this.#last = tones.length * times - 1
  }

  advance(frames: number): boolean {
    this.#position += frames
    while (this.#index <= this.#last && this.#position >= this.#tone.length) {
      this.#position -= this.#tone.length
      this.#index += 1
    }
    return this.#index <= this.#last
  }

  frame(law: Law): Uint8Array {
    return this.#tone.once(law, this.#position)
  }

  get #tone(): Tone {
    return this.#tones[this.#index % this.#tones.length]!
  }
}
