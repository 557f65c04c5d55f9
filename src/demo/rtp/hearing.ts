import { now } from '../clock.js'
import { Waiters } from '../waiting.js'
import { audibleTones, candidateTones } from './goertzel.js'

/** A stretch of time in which the same tones were heard; none is silence. Milliseconds since the epoch. */
export interface HeardSegment {
  readonly from: number
  readonly to: number
  readonly tones: readonly number[]
}

const windowSamples = 1600
const hopSamples = 800

/** Listens to 8,000 Hz sound in windows of 200 ms, 100 ms apart: 5 Hz apart, tones are told from each other. */
export class Hearing {
  readonly #window = new Int16Array(windowSamples)
  #filled = 0
  readonly #segments: HeardSegment[] = []
  readonly #waiters = new Waiters<readonly number[]>()

  constructor(private readonly candidates: readonly number[] = candidateTones) {}

  write(samples: Int16Array): void {
    let offset = 0
    while (offset < samples.length) {
      const part = samples.subarray(offset, offset + windowSamples - this.#filled)
      this.#window.set(part, this.#filled)
      this.#filled += part.length
      offset += part.length
      if (this.#filled === windowSamples) this.#analyse()
    }
  }

  /** What was heard so far, oldest first. */
  get segments(): readonly HeardSegment[] {
    return this.#segments
  }

  /** Milliseconds in which exactly these tones were heard. */
  totalMs(tones: readonly number[]): number {
    return this.#segments
      .filter((segment) => sameTones(segment.tones, tones))
      .reduce((sum, segment) => sum + segment.to - segment.from, 0)
  }

  /** When a window holds exactly these tones; at once where the latest did. Rejects with WaitError. */
  async hears(tones: readonly number[], deadlineMs = 5000): Promise<void> {
    const latest = this.#segments.at(-1)
    if (latest !== undefined && sameTones(latest.tones, tones)) return
    const what = tones.length === 0 ? 'silence' : `sound of ${tones.join('+')} Hz`
    const progress = (): string => `; heard: ${describeSegments(this.#segments)}`
    await this.#waiters.wait(what, deadlineMs, (heard) => sameTones(heard, tones), progress)
  }

  close(): void {
    this.#waiters.abandon(`the listener closed; heard: ${describeSegments(this.#segments)}`)
  }

  #analyse(): void {
    const tones = audibleTones(this.#window, this.candidates)
    const at = now()
    const latest = this.#segments.at(-1)
    if (latest !== undefined && sameTones(latest.tones, tones)) {
      this.#segments[this.#segments.length - 1] = { ...latest, to: at }
    } else {
      this.#segments.push({ from: latest?.to ?? at - 200, to: at, tones })
    }
    this.#window.copyWithin(0, hopSamples)
    this.#filled = windowSamples - hopSamples
    this.#waiters.notifyAll(tones)
  }
}

function sameTones(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && [...a].sort().join() === [...b].sort().join()
}

/** What of them lies between two times, milliseconds since the epoch. */
export function between(segments: readonly HeardSegment[], from: number, to: number): HeardSegment[] {
  return segments
    .filter((segment) => segment.from < to && segment.to > from)
    .map((segment) => ({
      ...segment,
      from: Math.max(segment.from, from),
      to: Math.min(segment.to, to),
    }))
}

/** "440+480 Hz 1.9 s, silence 0.4 s, 1000 Hz 0.6 s"; what is shorter than `leastMs` is a seam and left out. */
export function describeSegments(segments: readonly HeardSegment[], leastMs = 150): string {
  const told = segments
    .filter((segment) => segment.to - segment.from >= leastMs)
    .map(({ from, to, tones }) => {
      const sound = tones.length === 0 ? 'silence' : `${tones.join('+')} Hz`
      return `${sound} ${((to - from) / 1000).toFixed(1)} s`
    })
  return told.length === 0 ? 'nothing' : told.join(', ')
}
