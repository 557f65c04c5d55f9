import type { Sound } from '../../ports/media.js'
import { streamOf } from './tones.js'

/** Sounds as arguments of FreeSWITCH's `playback`, one after the other. */
export interface Playlist {
  readonly streams: readonly string[]
  /** How often all of them are heard; Infinity: until something else is wanted. */
  readonly times: number
}

/** @throws MediaError `not-acceptable` */
export function endless(sound: Sound): Playlist {
  return { streams: [streamOf(sound, true)], times: Infinity }
}

/** @throws MediaError `not-acceptable` */
export function performed(sounds: readonly Sound[], times: number): Playlist {
  return { streams: sounds.map((sound) => streamOf(sound, false)), times }
}
