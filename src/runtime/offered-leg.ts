import type { ArrivingId } from '../call/ids.js'
import type { MediaEndpoint } from '../ports/media.js'
import type { CalleeLeg, CalleeLegEvents } from './callee-leg.js'
import { because, HUNG_UP } from './reason.js'

/**
 * The leg of a device that needs no SIP: our offer went out in its push, and its accept brought the answer. Its BYE
 * comes and goes by API.
 */
export class OfferedLeg implements CalleeLeg {
  readonly gateway = undefined
  readonly leg = undefined
  private over = false

  constructor(
    readonly id: ArrivingId,
    readonly endpoint: MediaEndpoint,
    private readonly events: Pick<CalleeLegEvents, 'post'>,
    /** Tells the device that the call is over. */
    private readonly tell: (reason: string) => void,
  ) {}

  media(): Promise<MediaEndpoint> {
    return Promise.resolve(this.endpoint)
  }

  async confirm(): Promise<void> {
    // The answer to the accept is the yes.
  }

  async hangUp(reason: string): Promise<void> {
    await this.ended(undefined)
    this.tell(reason)
  }

  /** The device hung up. */
  hungUp(): Promise<void> {
    return this.ended(HUNG_UP)
  }

  close(): Promise<void> {
    return this.endpoint.close()
  }

  private async ended(reason: string | undefined): Promise<void> {
    if (this.over) return
    this.over = true
    await this.close()
    this.events.post({ type: 'leg-closed', leg: this.id, ...because(reason) })
  }
}
