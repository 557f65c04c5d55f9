/** A frame's worth of time, in ms. */
export const FRAME_MS = 20
/** Endpoints are spread over this many instants of a frame's time, so that a thousand do not send at once. */
const PHASES = 4
const PHASE_MS = FRAME_MS / PHASES
/** Up to this many frames late, the frames are sent after all; beyond it they are skipped. */
const MAX_BEHIND = 5
/** How many frames may follow each other at once while catching up. */
const MAX_CATCH_UP = 2

export interface Paced {
  /** A frame is due. @param advance frames since the last call: 1, or more where some were skipped @param now ms */
  tick(advance: number, now: number): void
}

export interface TimerSource {
  /** Monotonic, in ms. */
  now(): number
  /** @returns what cancels it */
  after(ms: number, run: () => void): () => void
}

interface Phase {
  members: Set<Paced>
  /** Frames since the scheduler's beginning that are done. */
  done: number
}

/**
 * The pace of all tones: one timer, and due times counted from a fixed beginning, so that a late timer shifts
 * nothing after it.
 */
export class FrameScheduler {
  readonly #timers: TimerSource
  readonly #epoch: number
  readonly #phases: Phase[] = Array.from({ length: PHASES }, () => ({ members: new Set(), done: 0 }))
  #cancel: (() => void) | undefined

  constructor(timers: TimerSource) {
    this.#timers = timers
    this.#epoch = timers.now()
  }

  get size(): number {
    return this.#phases.reduce((sum, phase) => sum + phase.members.size, 0)
  }

  /** 1 while anything plays, else 0. */
  get timers(): number {
    return this.#cancel ? 1 : 0
  }

  /** What is added already keeps its pace. */
  add(paced: Paced): void {
    if (this.#phases.some((phase) => phase.members.has(paced))) return
    const phase = this.#phases.reduce((least, each) =>
      each.members.size < least.members.size ? each : least,
    )
    if (phase.members.size === 0) phase.done = this.#elapsed(phase)
    phase.members.add(paced)
    this.#arm()
  }

  remove(paced: Paced): void {
    for (const phase of this.#phases) phase.members.delete(paced)
    if (this.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Frame times of a phase that have passed. */
  #elapsed(phase: Phase): number {
    const offset = this.#phases.indexOf(phase) * PHASE_MS
    return Math.floor((this.#timers.now() - this.#epoch - offset) / FRAME_MS)
  }

  #run(): void {
    this.#cancel = undefined
    for (const phase of this.#phases) this.#advance(phase)
    this.#arm()
  }

  #advance(phase: Phase): void {
    const behind = this.#elapsed(phase) - phase.done
    if (phase.members.size === 0 || behind <= 0) return
    const skipped = behind > MAX_BEHIND
    const frames = skipped ? 1 : Math.min(behind, MAX_CATCH_UP)
    phase.done += skipped ? behind : frames
    for (let frame = 0; frame < frames; frame += 1) {
      for (const paced of phase.members) paced.tick(skipped ? behind : 1, this.#timers.now())
    }
  }

  #arm(): void {
    if (this.#cancel || this.size === 0) return
    const next = this.#phases.reduce((soonest, phase, index) => {
      if (phase.members.size === 0) return soonest
      return Math.min(soonest, this.#epoch + index * PHASE_MS + (phase.done + 1) * FRAME_MS)
    }, Infinity)
    const wait = Math.max(1, Math.ceil(next - this.#timers.now()))
    this.#cancel = this.#timers.after(wait, () => this.#run())
  }
}
