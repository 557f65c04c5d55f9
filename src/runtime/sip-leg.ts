import type { DeviceLegId } from '../call/ids.js'
import type { Log } from '../ports/log.js'
import type { MediaEndpoint, MediaEndpointEvents } from '../ports/media.js'
import type { Leg, LegEvents } from '../ports/signaling.js'
import type { CalleeLegEvents } from './callee-leg.js'
import { because } from './reason.js'

/** What a leg by SIP hears of its dialog and of its media, whoever sent the INVITE. */
export abstract class SipLeg<Id extends DeviceLegId> implements MediaEndpointEvents, LegEvents {
  leg: Leg | undefined
  endpoint: MediaEndpoint | undefined
  protected closed = false

  constructor(
    readonly id: Id,
    protected readonly events: CalleeLegEvents,
    protected readonly log: Log,
  ) {}

  /** Gives the media back. Idempotent. */
  abstract close(): Promise<void>

  /** Its media has been silent for the engine's limit. */
  timeout(): void {
    this.events.mediaTimeout(this.id)
  }

  lost(): void {
    this.events.mediaLost()
  }

  ended(reason: string | undefined): void {
    void this.over(reason)
  }

  async reoffered(sdp: string): Promise<string> {
    if (this.endpoint === undefined) throw new Error(`leg ${this.id} has no media endpoint yet`)
    return this.endpoint.modify(sdp)
  }

  info(contentType: string, body: string): Promise<number> {
    return this.events.info(this.id, contentType, body)
  }

  protected async over(reason: string | undefined): Promise<void> {
    await this.close()
    this.events.post({ type: 'leg-closed', leg: this.id, ...because(reason) })
  }
}
