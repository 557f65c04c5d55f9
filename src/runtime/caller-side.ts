import type { Ending } from '../call/ending.js'
import { reasonOf } from '../call/ending.js'
import type { HoldStyle } from '../call/plan.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import { type Media, type MediaEndpoint, type MediaEndpointEvents, MediaError } from '../ports/media.js'
import type { Headers, IncomingCall, Leg, LegEvents } from '../ports/signaling.js'
import type { CallerTerms } from '../routing/table.js'
import { AbsenceWatch } from './absence-watch.js'
import type { SideEvents } from './callee-leg.js'
import { endingOfFailure } from './failure.js'
import { answerHeaders } from './invite-headers.js'
import type { CallSettings } from './services.js'
import { warningHeader } from './warning.js'

/** What the caller's leg tells its call. */
export interface CallerEvents extends SideEvents {
  /** It is silent, and out of reach besides. */
  vanished(): void
  /** The caller has pressed a key (RFC 4733). */
  digit(digit: string): void
  /** The caller hung up, or its dialog was given up. */
  callerEnded(reason: string | undefined): void
}

/** The INVITE that a caller's leg begins with. */
interface Arrived {
  readonly invite: IncomingCall
  readonly terms: CallerTerms
  /** The callee's media, where that was there first. */
  readonly like: MediaEndpoint | undefined
}

/**
 * The caller's leg: its INVITE, its media endpoint and, once answered, its dialog. Knows nothing of who is called. The
 * INVITE may be expected for a while: until it arrives there is nothing to hold, answer or reject.
 */
export class CallerSide implements MediaEndpointEvents, LegEvents {
  leg: Leg | undefined
  private here: Arrived | undefined
  private holding: Promise<unknown> | undefined
  private answered: Promise<Leg> | undefined
  private closed = false
  private absence: AbsenceWatch | undefined
  private endpointMade: Promise<MediaEndpoint> | undefined
  private provisional:
    { readonly status: number; readonly sdp?: string; readonly headers: Headers } | undefined

  constructor(
    private readonly media: Pick<Media, 'endpoint' | 'check'>,
    private readonly settings: CallSettings,
    private readonly events: CallerEvents,
    private readonly clock: Pick<Clock, 'after'>,
    private readonly log: Log,
  ) {}

  /** The caller's INVITE is here. */
  arrive(invite: IncomingCall, terms: CallerTerms, like?: MediaEndpoint): void {
    this.here = { invite, terms, like }
    if (invite.vanished === undefined) return
    this.absence = new AbsenceWatch(this.clock, {
      vanished: () => invite.vanished?.() ?? Promise.resolve(false),
      gone: () => this.events.vanished(),
      failed: (error) => this.log.warn({ err: error }, 'it is not known whether a caller is still there'),
    })
  }

  get expected(): boolean {
    return this.here === undefined
  }

  /** Name of the gateway that carries the leg. */
  get gateway(): string | undefined {
    return this.here?.invite.gateway
  }

  /** The caller leaves the offer to us: our answer to its INVITE is one. */
  get delayedOffer(): boolean {
    return this.invite.offer === ''
  }

  private get invite(): IncomingCall {
    return this.arrived.invite
  }

  private get arrived(): Arrived {
    if (this.here === undefined) throw new Error('the caller is not there yet')
    return this.here
  }

  /** Made on first use; the same for the life of the leg. Rejects with MediaError, and once the leg is closed. */
  endpoint(): Promise<MediaEndpoint> {
    if (this.closed) return Promise.reject(new MediaError('lost', "the caller's leg is closed"))
    const { invite, like } = this.arrived
    this.endpointMade ??= this.media.endpoint({
      events: this,
      ...(invite.offer === '' ? {} : { offer: invite.offer }),
      ...(like === undefined ? {} : { offerLike: like }),
    })
    return this.endpointMade
  }

  /** Its media has been silent for the engine's limit. */
  timeout(): void {
    this.events.mediaTimeout('caller')
    if (!this.closed) this.absence?.silent(this.endpoint())
  }

  lost(): void {
    this.events.mediaLost()
  }

  digit(digit: string): void {
    this.events.digit(digit)
  }

  ended(reason: string | undefined): void {
    this.events.callerEnded(reason)
  }

  async reoffered(sdp: string): Promise<string> {
    return (await this.endpoint()).modify(sdp)
  }

  info(contentType: string, body: string): Promise<number> {
    return this.events.info('caller', contentType, body)
  }

  /** The endpoint of a caller that hears us: its provisional or its 200 is out. Rejects as {@link endpoint} does. */
  async listening(): Promise<MediaEndpoint> {
    await this.holding
    return this.endpoint()
  }

  /** Whoever is wanted is rung now: a caller that hears us hears ringback. */
  async ringBack(): Promise<void> {
    try {
      await (await this.listening()).play({ kind: 'ringback', country: this.arrived.terms.tone })
    } catch (error) {
      this.log.warn({ err: error }, 'the caller waits in silence')
    }
  }

  /** First provisional, by the trunk's choice. Resolves to the failure's ending, or undefined once the caller is held. */
  hold(style: HoldStyle): Promise<Ending | undefined> {
    const holding = this.holdBy(style)
    this.holding = holding
    return holding
  }

  private async holdBy(style: HoldStyle): Promise<Ending | undefined> {
    try {
      switch (style) {
        case 'early-media':
          return await this.holdWithTone()
        case 'ringing':
          return await this.holdUnheard(180)
        case 'queued':
          return await this.holdUnheard(182)
        default:
          return style satisfies never
      }
    } catch (error) {
      const how = endingOfFailure(error)
      // The ending says enough of a caller that offers what we cannot serve.
      if (how.cause !== 'not-acceptable') this.log.warn({ err: error }, 'the caller could not be held')
      return how
    }
  }

  /**
   * A caller that does not hear us takes no media while it waits. Nobody is woken for one that offers what cannot be
   * served: where only an endpoint shows that, it is made.
   */
  private async holdUnheard(status: 180 | 182): Promise<undefined> {
    const { offer } = this.invite
    if (this.media.check === undefined) {
      await this.send(status)
      await this.endpoint()
      return undefined
    }
    if (offer !== '') this.media.check(offer)
    await this.send(status)
    return undefined
  }

  private async holdWithTone(): Promise<undefined> {
    // Our offer may not stand in a provisional that can get lost (RFC 3261 §13.2.1): such a caller hears its own tone.
    if (this.invite.offer === '') return this.holdUnheard(180)
    const endpoint = await this.endpoint()
    await endpoint.play({ kind: 'ringback', country: this.arrived.terms.tone })
    await this.send(183, endpoint.localSdp)
    return undefined
  }

  /** Repeats the last provisional. */
  async reassure(): Promise<void> {
    if (this.provisional !== undefined) await this.quietly(this.invite.provisional(this.provisional))
  }

  /** A device truly rings. */
  async alert(): Promise<void> {
    await this.quietly(this.send(180))
  }

  /** Somebody accepted: who listens to our ringback hears that change, and who was queued hears of it at all. */
  async tellAccepted(): Promise<void> {
    await this.holding
    if (this.leg !== undefined || this.provisional?.sdp !== undefined)
      await this.comfort(await this.endpoint())
    else if (this.provisional?.status === 182) await this.alert()
  }

  /** 200 before there is anybody to talk to, with comfort audio. Rejects as {@link answer} does. */
  async answerEarly(): Promise<void> {
    // The ringback of a hold that is under way would be heard over what comes now.
    const endpoint = await this.listening()
    if (!this.delayedOffer) await this.comfort(endpoint)
    await this.answer()
    // Where the answer to our offer came with its ACK, there was nobody to play to before.
    if (this.delayedOffer) await this.comfort(endpoint)
  }

  /** What comes next takes time: who was answered, and hears nothing now, hears that. */
  async keepWaiting(): Promise<void> {
    if (this.leg !== undefined) await this.comfort(await this.endpoint())
  }

  /** Silence is no reason to lose a caller; an engine that is lost is heard of as such. */
  private async comfort(endpoint: MediaEndpoint): Promise<void> {
    try {
      await endpoint.play({ kind: 'connecting' })
    } catch (error) {
      this.log.warn({ err: error }, 'the caller waits in silence')
    }
  }

  /** Its 200 has been asked for: what becomes of that is told there. */
  get beingAnswered(): boolean {
    return this.answered !== undefined
  }

  /** 200, with our SDP, once. Rejects with MediaError or SipFailure, 487 where the caller has cancelled. */
  answer(): Promise<Leg> {
    this.answered ??= this.sendAnswer()
    return this.answered
  }

  private async sendAnswer(): Promise<Leg> {
    const endpoint = await this.endpoint()
    const headers = answerHeaders(this.invite, this.settings)
    this.leg = await this.invite.answer({ sdp: endpoint.localSdp, headers })
    this.leg.listen(this)
    if (this.invite.offer === '') await endpoint.accept(this.leg.remoteSdp)
    return this.leg
  }

  /** The final answer of a call that nobody took. */
  async reject(how: Ending): Promise<void> {
    const headers: Headers = [
      ['Reason', reasonOf(how)],
      ...(how.status === 503 ? [['Retry-After', '5'] as const] : []),
      ...(how.status === 488 && how.by === 'server'
        ? [warningHeader(this.invite.offer, this.settings.domain)]
        : []),
    ]
    await this.quietly(this.invite.reject({ status: how.status, headers }))
  }

  async hangUp(reason: string): Promise<void> {
    await this.leg?.hangUp(reason)
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.closed = true
    this.absence?.stop()
    const made = this.endpointMade
    if (made === undefined) return
    // An endpoint that was never made has nothing to close.
    await made.then(
      (endpoint) => endpoint.close(),
      () => undefined,
    )
  }

  private async send(status: number, sdp?: string): Promise<void> {
    const headers: Headers = this.earlyMediaHeader(sdp)
    this.provisional = sdp === undefined ? { status, headers } : { status, sdp, headers }
    await this.invite.provisional(this.provisional)
  }

  /** RFC 5009 §8: inside a trust domain, to a caller that said it understands, early media is authorised. */
  private earlyMediaHeader(sdp: string | undefined): Headers {
    const understood = this.invite.headers('p-early-media').length > 0
    return sdp !== undefined && this.arrived.terms.trusted && understood
      ? [['P-Early-Media', 'sendonly']]
      : []
  }

  /** A provisional or a refusal that cannot be sent changes nothing: the caller has gone, and is heard of as such. */
  private async quietly(sent: Promise<void>): Promise<void> {
    try {
      await sent
    } catch (error) {
      this.log.info({ err: error }, 'a response to the caller could not be sent')
    }
  }
}
