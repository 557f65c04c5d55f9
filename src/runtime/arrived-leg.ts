import type { ArrivingId } from '../call/ids.js'
import type { Log } from '../ports/log.js'
import type { Media, MediaEndpoint } from '../ports/media.js'
import { type IncomingCall, SipFailure } from '../ports/signaling.js'
import type { CalleeLeg, CalleeLegEvents } from './callee-leg.js'
import { answerHeaders } from './invite-headers.js'
import type { CallSettings } from './services.js'
import { SipLeg } from './sip-leg.js'

/** The leg that a device opened by an INVITE of its own into a call that waits for it. */
export class ArrivedLeg extends SipLeg<ArrivingId> implements CalleeLeg {
  private opened: Promise<MediaEndpoint> | undefined
  private confirmed: Promise<void> | undefined

  constructor(
    id: ArrivingId,
    private readonly invite: IncomingCall,
    private readonly engine: Media,
    private readonly settings: CallSettings,
    events: CalleeLegEvents,
    log: Log,
  ) {
    super(id, events, log)
  }

  get gateway(): string {
    return this.invite.gateway
  }

  /** From now on its CANCEL is heard. */
  begin(): void {
    this.invite.onCancel((reason) => this.ended(reason))
  }

  /** Of an INVITE without an offer the media is known with its ACK: the 200 goes out for that. */
  async media(caller?: MediaEndpoint): Promise<MediaEndpoint> {
    const endpoint = await this.open(caller)
    if (this.invite.offer === '') await this.confirm()
    return endpoint
  }

  confirm(): Promise<void> {
    this.confirmed ??= this.answer()
    return this.confirmed
  }

  async hangUp(reason: string): Promise<void> {
    // Its 200 may be on the way: then there is a dialog in a moment, and that one gets a BYE.
    await this.confirmed?.catch(() => undefined)
    if (this.leg !== undefined) await this.leg.hangUp(reason)
    else await this.refuse(reason)
    await this.over(undefined)
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await this.opened?.then(
      (endpoint) => endpoint.close(),
      () => undefined,
    )
  }

  private open(caller: MediaEndpoint | undefined): Promise<MediaEndpoint> {
    this.opened ??= this.engine
      .endpoint({
        events: this,
        ...(this.invite.offer === '' ? {} : { offer: this.invite.offer }),
        ...(caller === undefined ? {} : { offerLike: caller }),
      })
      .then((endpoint) => (this.endpoint = endpoint))
    return this.opened
  }

  private async answer(): Promise<void> {
    if (this.endpoint === undefined) throw new Error(`leg ${this.id} has no media endpoint yet`)
    if (this.closed) throw new SipFailure(487, 'the device has cancelled')
    const endpoint = this.endpoint
    const headers = answerHeaders(this.invite, this.settings)
    const leg = await this.invite.answer({ sdp: endpoint.localSdp, headers })
    this.leg = leg
    leg.listen(this)
    if (this.invite.offer === '') await endpoint.accept(leg.remoteSdp)
  }

  /** The call is over, or another device's: the INVITE is told so (RFC 3326). */
  private async refuse(reason: string): Promise<void> {
    try {
      await this.invite.reject({ status: 480, headers: [['Reason', reason]] })
    } catch (error) {
      this.log.info({ err: error, leg: this.id }, "a device's INVITE could not be refused")
    }
  }
}
