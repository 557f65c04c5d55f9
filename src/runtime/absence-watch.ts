import type { Clock } from '../ports/clock.js'
import type { MediaEndpoint } from '../ports/media.js'

/** How often a caller that is silent is looked for, ms. */
const LOOK_MS = 15_000

export interface Absence {
  /** Whether the caller is gone, as far as the signaling knows. Rejects where it cannot be asked. */
  readonly vanished: () => Promise<boolean>
  /** Nothing is heard of the caller any more, in whichever way. */
  readonly gone: () => void
  /** It could not be looked for; that is tried again. */
  readonly failed: (error: unknown) => void
}

/**
 * Finds out that a caller is gone whose signaling has no session timer (RFC 4028): its media is silent, and it is not
 * to be reached. The media alone says too little: who only listens may send nothing.
 */
export class AbsenceWatch {
  private stopTimer: (() => void) | undefined
  private watched = false

  constructor(
    private readonly clock: Pick<Clock, 'after'>,
    private readonly absence: Absence,
  ) {}

  /** The caller has been silent for the engine's limit: it is looked for until it is heard again. */
  silent(media: Promise<Pick<MediaEndpoint, 'counters'>>): void {
    if (this.watched) return
    this.watched = true
    this.begin(media).catch((error: unknown) => this.lost(error))
  }

  stop(): void {
    this.watched = false
    this.stopTimer?.()
    this.stopTimer = undefined
  }

  private async begin(media: Promise<Pick<MediaEndpoint, 'counters'>>): Promise<void> {
    const endpoint = await media
    const { packetsIn } = await endpoint.counters()
    await this.look(endpoint, packetsIn)
  }

  /** The engine is, and is heard of as such. */
  private lost(error: unknown): void {
    this.stop()
    this.absence.failed(error)
  }

  private async look(endpoint: Pick<MediaEndpoint, 'counters'>, heard: number): Promise<void> {
    const { packetsIn } = await endpoint.counters()
    if (packetsIn !== heard) return this.stop()
    const vanished = await this.hasVanished()
    if (!this.watched) return
    if (vanished) this.absence.gone()
    // Whoever is told may have no use for that yet.
    this.stopTimer = this.clock.after(LOOK_MS, () => {
      this.look(endpoint, heard).catch((error: unknown) => this.lost(error))
    })
  }

  private async hasVanished(): Promise<boolean> {
    try {
      return await this.absence.vanished()
    } catch (error) {
      this.absence.failed(error)
      return false
    }
  }
}
