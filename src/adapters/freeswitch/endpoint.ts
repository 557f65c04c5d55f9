import { setMaxListeners } from 'node:events'
import type { Log } from '../../ports/log.js'
import {
  type MediaCounters,
  type MediaEndpoint,
  MediaError,
  type MediaEndpointEvents,
  type PerformanceEnd,
  type PerformOptions,
  type Sound,
} from '../../ports/media.js'
import { Channel } from './channel.js'
import { NO_PACKETS } from './counters.js'
import type { Deadlines } from './deadlines.js'
import type { FsmrfEndpoint } from './fsmrf.js'
import type { FreeswitchLeg } from './leg.js'
import type { OwnOffer } from './own-offer.js'
import { endless, performed, type Playlist } from './playlist.js'
import { receives, servable, usesDtls, voicesOf } from './sdp.js'
import type { FreeswitchServer } from './server.js'
import type { FreeswitchSession } from './session.js'
import { Stage } from './stage.js'

/** ICE and the DTLS handshake, once both sides have each other's description. */
const HANDSHAKE_MS = 15_000
/** The end of a channel is told by two connections, a little apart. */
const BYE_MS = 500

export interface EndpointParts {
  readonly id: string
  readonly server: FreeswitchServer
  readonly session: FreeswitchSession
  readonly leg: FreeswitchLeg
  /** Our answer, or our offer. */
  readonly localSdp: string
  /** Present where the offer is ours. */
  readonly own: OwnOffer | undefined
  readonly events: MediaEndpointEvents
  readonly deadlines: Deadlines
  readonly log: Log
  abandon(): void
}

type Life = 'open' | 'closed' | 'lost'

/**
 * A channel of FreeSWITCH: a SIP leg that describes its media, and a connection that controls it. With DTLS the
 * second comes only when the peer's handshake is through; what is asked before that is done then.
 */
export class FreeswitchEndpoint implements MediaEndpoint {
  localSdp: string
  private life: Life = 'open'
  private channel: Channel | undefined
  private readonly stage = new Stage()
  private partner: FreeswitchEndpoint | undefined
  private bridged = false
  private answered: string | undefined
  private stopHandshake: AbortController | undefined
  /** Descriptions are changed one at a time: SIP allows no second INVITE in a dialog (RFC 3261 §14.1). */
  private changing: Promise<unknown> = Promise.resolve()
  private readonly gone = new AbortController()
  private closing = Promise.resolve()

  constructor(private readonly parts: EndpointParts) {
    this.localSdp = parts.localSdp
    setMaxListeners(0, this.gone.signal)
    parts.server.endpoints.add(this)
    parts.leg.onEnded((cause) => this.ended(cause))
  }

  get id(): string {
    return this.parts.id
  }

  get server(): FreeswitchServer {
    return this.parts.server
  }

  get playing(): boolean {
    return this.stage.playing
  }

  get joined(): boolean {
    return this.partner !== undefined
  }

  /** Joined, and by the last description the peer may send. */
  get expectsMedia(): boolean {
    return this.life === 'open' && this.joined && receives(this.localSdp)
  }

  /** Voice codecs of the last description, the one in use first. */
  get voices(): readonly string[] {
    return voicesOf(this.localSdp)
  }

  /** The channel can be controlled from now on. */
  attach(control: FsmrfEndpoint): void {
    if (this.life !== 'open' || control.conn === null) return
    this.stopHandshake?.abort()
    const { session, deadlines, log } = this.parts
    const { lost } = session
    const digit = (pressed: string): void => this.parts.events.digit?.(pressed)
    this.channel = new Channel(control.uuid, control.conn, deadlines, lost, this.gone.signal, log, digit)
    control.on('destroy', (how) => {
      if (how?.reason !== undefined) return this.ended(how.reason)
      // Cut off without a word; the BYE that says why is on its way, unless the SIP server is gone too.
      deadlines.after(BYE_MS, () => this.ended(''), this.gone.signal)
    })
    if (this.partner !== undefined) this.bridgeLate(this.partner)
    this.stage.attach(this.channel.player)
  }

  /** It will never be controlled. */
  unattached(): void {
    if (this.life === 'open') this.lose()
  }

  accept(answerSdp: string): Promise<void> {
    return this.change(async () => {
      const { own } = this.parts
      if (own === undefined) throw new MediaError('not-acceptable', 'no offer of ours is on the way')
      if (answerSdp === this.answered) return
      if (!servable(answerSdp))
        throw new MediaError('not-acceptable', 'the audio stream was refused, or has no keys')
      await own.complete(answerSdp)
      this.answered = answerSdp
      if (usesDtls(answerSdp)) this.limitHandshake()
    })
  }

  modify(offerSdp: string): Promise<string> {
    return this.change(async () => {
      if (!servable(offerSdp))
        throw new MediaError('not-acceptable', 'no audio stream is offered, or one without keys')
      this.localSdp = await this.parts.leg.reinvite(offerSdp)
      return this.localSdp
    })
  }

  play(sound: Sound): Promise<void> {
    return this.attempt(() => {
      const playlist = this.played(endless(sound))
      this.stage.begin(playlist).catch((error: unknown) => {
        // Of a loss the endpoint itself is told.
        if (this.life === 'lost') return
        this.parts.log.warn({ err: error, endpoint: this.id, sound }, 'a sound ended before its time')
      })
    })
  }

  perform(sounds: readonly Sound[], { times }: PerformOptions): Promise<PerformanceEnd> {
    return this.attempt(() => this.stage.begin(this.played(performed(sounds, times))))
  }

  join(other: MediaEndpoint): Promise<void> {
    return this.attempt(async () => {
      if (!(other instanceof FreeswitchEndpoint) || other === this) {
        throw new MediaError('not-acceptable', `endpoint ${other.id} cannot be joined with`)
      }
      if (other.server !== this.server) {
        throw new MediaError('not-acceptable', `endpoint ${other.id} is on media server ${other.server.name}`)
      }
      other.mustBeOpen()
      this.pairWith(other)
      // Where one of them is still shaking hands, it bridges when it is through.
      if (this.channel !== undefined && other.channel !== undefined) await this.bridge(other)
    })
  }

  async counters(): Promise<MediaCounters> {
    this.mustBeOpen()
    return this.channel?.counters() ?? NO_PACKETS
  }

  close(): Promise<void> {
    if (this.life === 'open') this.closing = this.hangUp()
    return this.closing
  }

  /** The server is gone, as far as we can see; should it live, the BYE frees its channel. */
  lose(): void {
    if (this.life !== 'open') return
    this.end('lost')
    this.server.endpoints.delete(this)
    this.parts.leg.bye().catch((error: unknown) => {
      this.parts.log.debug({ err: error, endpoint: this.id }, 'a lost media leg was not ended')
    })
    this.parts.events.lost?.()
  }

  /** Nothing came in for the configured time. */
  silent(): void {
    this.parts.events.timeout?.()
  }

  /** FreeSWITCH hung up on its own account. */
  private ended(cause: string): void {
    if (this.life !== 'open') return
    if (cause.includes('MEDIA_TIMEOUT')) this.parts.events.timeout?.()
    this.lose()
  }

  private async hangUp(): Promise<void> {
    const settled = this.channel?.settled()
    this.end('closed')
    const { leg, session, server, log } = this.parts
    await settled
    try {
      await leg.bye()
    } catch (error) {
      // The SIP server may be away while FreeSWITCH is not: the channel must not stay.
      log.debug({ err: error, endpoint: this.id }, 'a media leg was not ended by SIP')
      await session.discard(this.id).catch((e: unknown) => {
        log.warn({ err: e, endpoint: this.id }, 'a channel may have stayed with FreeSWITCH')
      })
    }
    server.endpoints.delete(this)
  }

  private end(life: Life): void {
    this.life = life
    this.stage.end(life === 'lost' ? new MediaError('lost', `endpoint ${this.id} is lost`) : 'stopped')
    this.stopHandshake?.abort()
    this.unpair()
    this.gone.abort()
    this.parts.own?.abandon()
    this.parts.abandon()
  }

  private pairWith(other: FreeswitchEndpoint): void {
    if (this.partner !== other) {
      this.unpair()
      other.unpair()
      this.partner = other
      other.partner = this
    }
    this.stage.end('stopped')
    other.stage.end('stopped')
  }

  private unpair(): void {
    const { partner } = this
    this.partner = undefined
    this.bridged = false
    if (partner === undefined) return
    partner.partner = undefined
    partner.bridged = false
  }

  private bridgeLate(other: FreeswitchEndpoint): void {
    if (other.channel === undefined) return
    this.bridge(other).catch((error: unknown) => {
      this.parts.log.warn({ err: error, endpoint: this.id }, 'two media legs could not be joined')
      this.lose()
    })
  }

  private async bridge(other: FreeswitchEndpoint): Promise<void> {
    if (this.bridged || this.channel === undefined || other.channel === undefined) return
    this.bridged = true
    other.bridged = true
    try {
      await this.channel.bridge(other.channel)
    } catch (error) {
      this.unpair()
      throw error
    }
  }

  private limitHandshake(): void {
    if (this.channel !== undefined || this.stopHandshake !== undefined) return
    const stop = new AbortController()
    this.stopHandshake = stop
    this.parts.deadlines.after(HANDSHAKE_MS, () => this.unattached(), stop.signal, this.gone.signal)
  }

  private change<T>(work: () => Promise<T>): Promise<T> {
    const changed = this.changing.then(() => {
      this.mustBeOpen()
      return work()
    })
    this.changing = changed.catch(() => undefined)
    return changed
  }

  private played(playlist: Playlist): Playlist {
    if (this.joined) throw new MediaError('lost', 'a joined endpoint plays nothing')
    return playlist
  }

  private async attempt<T>(work: () => T | Promise<T>): Promise<T> {
    this.mustBeOpen()
    return await work()
  }

  private mustBeOpen(): void {
    if (this.life !== 'open') throw new MediaError('lost', `endpoint ${this.id} is ${this.life}`)
  }
}
