import type { CallEvent } from '../call/event.js'
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

export type DialOrder = Omit<DialRequest, 'sdp' | 'progressed'> & {
  /** Of our offer. Plain RTP is offered where the media engine has no other. */
  readonly transport: MediaTransport
}

export interface DeviceEvents {
  post(event: CallEvent): void
  mediaTimeout(): void
  mediaLost(): void
  /** INFO from the device, for the other side. */
  info(contentType: string, body: string): Promise<number>
}

/** One dialled leg: our offer, the INVITE and, once answered, its dialog. */
export class DeviceSide {
  leg: Leg | undefined
  private media: MediaEndpoint | undefined
  private out: OutgoingCall | undefined
  private cancelled: string | undefined
  private closed = false

  constructor(
    readonly id: DialId,
    /** Name of the gateway that carries the leg. */
    readonly gateway: string,
    private readonly events: DeviceEvents,
    private readonly log: Log,
  ) {}

  get endpoint(): MediaEndpoint {
    if (this.media === undefined) throw new Error(`dial ${this.id} has no media endpoint yet`)
    return this.media
  }

  /** Dials, and posts how it goes: `dial-progressed`…, then once `dial-answered` or `dial-failed`. */
  async dial(
    signaling: Signaling,
    media: Media,
    caller: Promise<MediaEndpoint>,
    { transport, ...request }: DialOrder,
  ): Promise<void> {
    try {
      this.media = await this.offer(media, await caller, transport)
      if (this.closed) await this.media.close()
      if (this.cancelled !== undefined) throw new SipFailure(487, 'cancelled before it was sent')
      this.out = signaling.dial({
        ...request,
        sdp: this.media.localSdp,
        progressed: ({ status }) => this.events.post({ type: 'dial-progressed', dial: this.id, status }),
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
    media: Media,
    offerLike: MediaEndpoint,
    transport: MediaTransport,
  ): Promise<MediaEndpoint> {
    const events = { timeout: () => this.events.mediaTimeout(), lost: () => this.events.mediaLost() }
    try {
      return await media.endpoint({ offerLike, transport, events })
    } catch (error) {
      if (transport === 'rtp' || !isNotAcceptable(error)) throw error
      this.log.info({ dial: this.id, transport, why: error.message }, 'plain RTP is offered instead')
      return media.endpoint({ offerLike, events })
    }
  }

  /** Takes the SDP that the device answered with. Rejects with MediaError. */
  async acceptAnswer(): Promise<void> {
    if (this.leg === undefined) throw new Error(`dial ${this.id} is not answered`)
    await this.endpoint.accept(this.leg.remoteSdp)
  }

  private answered(leg: Leg): void {
    this.leg = leg
    this.events.post({ type: 'dial-answered', dial: this.id })
    leg.listen({
      ended: (reason) => void this.ended(reason),
      reoffered: (sdp) => this.endpoint.modify(sdp),
      info: (type, body) => this.events.info(type, body),
    })
  }

  private async failed(error: unknown): Promise<void> {
    const failure = failureOf(error)
    const { status, message } = failure
    // What the parties cannot do is their affair; what an engine does not do is the operator's.
    if (error instanceof SipFailure || isNotAcceptable(error)) {
      this.log.debug({ dial: this.id, status, why: message }, 'a dial failed')
    } else this.log.warn({ err: error, dial: this.id }, 'a dial could not be made')
    await this.close()
    const reason = failure.reason === undefined ? {} : { reason: failure.reason }
    this.events.post({ type: 'dial-failed', dial: this.id, status, ...reason })
  }

  private async ended(reason: string | undefined): Promise<void> {
    await this.close()
    this.events.post({ type: 'leg-closed', leg: this.id, ...(reason === undefined ? {} : { reason }) })
  }

  cancel(reason: string): void {
    this.cancelled = reason
    this.out?.cancel(reason)
  }

  async hangUp(reason: string): Promise<void> {
    await this.leg?.hangUp(reason)
    await this.ended(undefined)
  }

  /** Gives the media back. Idempotent. */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await this.media?.close()
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
