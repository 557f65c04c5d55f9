import type { MediaEndpoint } from '../ports/media.js'

/**
 * Tells when both sides of a bridge are silent at once. One silent side alone may listen, or be on hold; and a side
 * that was silent once may have spoken since.
 */
export class MediaWatch {
  private readonly silent = new Map<string, { readonly endpoint: MediaEndpoint; readonly packets: number }>()

  /** `dead`: both are silent now. */
  constructor(private readonly dead: () => void) {}

  /** A side has been silent for the engine's limit. Rejects where the engine is lost. */
  async timedOut(side: string, endpoint: MediaEndpoint): Promise<void> {
    const { packetsIn: packets } = await endpoint.counters()
    this.silent.set(side, { endpoint, packets })
    for (const [name, earlier] of this.silent) {
      const { packetsIn } = await earlier.endpoint.counters()
      if (packetsIn !== earlier.packets) this.silent.delete(name)
    }
    if (this.silent.size > 1) this.dead()
  }
}
