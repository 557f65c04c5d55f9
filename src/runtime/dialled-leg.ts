import type { Contact } from '../call/destination.js'
import type { DialId } from '../call/ids.js'
import type { Log } from '../ports/log.js'
import { type Media, type MediaEndpoint, MediaError, type MediaTransport } from '../ports/media.js'
import {
  type DialRequest,
  type Leg,
  type OutgoingCall,
  SipFailure,
  type Signaling,
} from '../ports/signaling.js'
import type { CalleeLeg, CalleeLegEvents } from './callee-leg.js'
import { because } from './reason.js'
import { SipLeg } from './sip-leg.js'

export type DialOrder = Omit<DialRequest, 'sdp' | 'progressed'> & {
  /** Of our offer. Plain RTP is offered where the media engine has no other. */
  readonly transport: MediaTransport
}

/** A leg that we dialled: our offer, the INVITE and, once answered, its dialog. */
export class DialledLeg extends SipLeg<DialId> implements CalleeLeg {
  private taken: Promise<MediaEndpoint> | undefined
  private out: OutgoingCall | undefined
  private cancelled: string | undefined

  constructor(
    id: DialId,
    /** Name of the gateway that carries the leg. */
    readonly gateway: string,
    /** What was dialled, where that is a registration. */
    readonly contact: Contact | undefined,
    events: CalleeLegEvents,
    log: Log,
  ) {
    super(id, events, log)
  }

  /** Dials, and posts how it goes: `dial-progressed`…, then once `dial-answered` or `dial-failed`. */
  async dial(
    signaling: Signaling,
    engine: Media,
    caller: Promise<MediaEndpoint | undefined>,
    { transport, ...request }: DialOrder,
  ): Promise<void> {
    try {
      this.endpoint = await this.offer(engine, await caller, transport)
      if (this.closed) await this.endpoint.close()
      if (this.cancelled !== undefined) throw new SipFailure(487, 'cancelled before it was sent')
      this.out = signaling.dial({
        sdp: this.endpoint.localSdp,
        progressed: ({ status }) => this.events.post({ type: 'dial-progressed', dial: this.id, status }),
        ...request,
      })
      this.answered(await this.out.answered)
    } catch (error) {
      await this.failed(error)
    }
  }

  /**
   * An engine without WebRTC still serves what is on a WebSocket and is no browser; a browser answers 488 to plain RTP.
   * Rejects with MediaError.
   */
  private async offer(
    engine: Media,
    offerLike: MediaEndpoint | undefined,
    transport: MediaTransport,
  ): Promise<MediaEndpoint> {
    const like = offerLike === undefined ? {} : { offerLike }
    try {
      return await engine.endpoint({ transport, events: this, ...like })
    } catch (error) {
      if (transport === 'rtp' || !isNotAcceptable(error)) throw error
      this.log.info({ dial: this.id, transport, why: error.message }, 'plain RTP is offered instead')
      return engine.endpoint({ events: this, ...like })
    }
  }

  /** Takes the SDP that the device answered with, once. Rejects with MediaError. */
  media(): Promise<MediaEndpoint> {
    this.taken ??= this.take()
    return this.taken
  }

  private async take(): Promise<MediaEndpoint> {
    if (this.leg === undefined || this.endpoint === undefined)
      throw new Error(`dial ${this.id} is not answered`)
    await this.endpoint.accept(this.leg.remoteSdp)
    return this.endpoint
  }

  async confirm(): Promise<void> {
    // Its 200 had our ACK.
  }

  private answered(leg: Leg): void {
    this.leg = leg
    this.events.post({ type: 'dial-answered', dial: this.id })
    leg.listen(this)
  }

  private async failed(error: unknown): Promise<void> {
    const failure = failureOf(error)
    const { status, message } = failure
    // What the parties cannot do is their affair; what an engine does not do is the operator's.
    if (error instanceof SipFailure || isNotAcceptable(error)) {
      this.log.debug({ dial: this.id, status, why: message }, 'a dial failed')
    } else this.log.warn({ err: error, dial: this.id }, 'a dial could not be made')
    await this.close()
    // The engine has no room or is away, which is no fault of the phone's: another push would only add to that.
    if (error instanceof MediaError && !isNotAcceptable(error)) this.events.mediaLost()
    this.events.post({ type: 'dial-failed', dial: this.id, status, ...because(failure.reason) })
  }

  cancel(reason: string): void {
    this.cancelled = reason
    this.out?.cancel(reason)
  }

  async hangUp(reason: string): Promise<void> {
    await this.leg?.hangUp(reason)
    await this.over(undefined)
  }

  /** Gives the media back. Idempotent. */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await this.endpoint?.close()
  }
}

function isNotAcceptable(error: unknown): error is MediaError {
  return error instanceof MediaError && error.code === 'not-acceptable'
}

/** The final status that a dial came to, or would have come to. */
function failureOf(error: unknown): SipFailure {
  if (error instanceof SipFailure) return error
  if (error instanceof MediaError) return new SipFailure(isNotAcceptable(error) ? 488 : 503, error.message)
  return new SipFailure(500, String(error))
}
