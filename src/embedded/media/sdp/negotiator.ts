import { randomInt } from 'node:crypto'
import { MediaError } from '../errors.js'
import type { Direction } from '../types.js'
import { createCredentials, type IceCredentials } from '../webrtc/ice.js'
import {
  agreedCodecs,
  both,
  chooseEvents,
  chooseVoice,
  DEFAULT_PTIME,
  isUsableAudio,
  remoteDirection,
  remoteMedia,
  remotePtime,
  reverse,
  stripNumber,
  type Agreement,
  type CodecPolicy,
} from './agreement.js'
import { codecLines, codecsOf, isTelephoneEvent, isVoice, type Codec, type NumberedCodec } from './codecs.js'
import { attribute, parseDescription, type MediaDescription, type SessionDescription } from './description.js'
import { PayloadTypes } from './payload-types.js'
import {
  requireSamePeer,
  securityLines,
  sessionLines,
  WEBRTC_PROTOCOL,
  type Carriage,
  type LocalIdentity,
  type RemoteSecurity,
} from './security.js'

export interface LocalAddress {
  address: string
  family: 4 | 6
  port: number
  /** Asked for where the peer wants to know. */
  identity(): LocalIdentity
}

export interface OfferPolicy {
  codecs: readonly (Codec & { payloadType?: number })[]
  /** Of the first offer; the session's later. */
  carriage?: Carriage
  direction?: Direction
  ptime?: number
}

interface PendingOffer {
  codecs: NumberedCodec[]
  index: number
  mux: boolean
  carriage: Carriage
}

/** What an audio section of ours is made of. */
interface LocalStream {
  protocol: string
  codecs: readonly NumberedCodec[]
  direction: Direction
  mux: boolean
  ptime: number
  setup: 'actpass' | 'passive'
  /** Of a stream by ICE and DTLS. */
  security?: Pick<RemoteSecurity, 'mid' | 'bundled'> | undefined
}

/** Of a stream that we offer first. */
const OWN_SECURITY = { mid: '0', bundled: true }

/**
 * One side of an offer/answer session with one audio stream (RFC 3264). Two modes: at rest, and with an offer
 * of ours on the way. Whatever throws leaves the session as it was, so that a refused re-INVITE changes nothing
 * (RFC 3261 §14.1).
 */
export class Negotiator {
  readonly #local: LocalAddress
  readonly #sessionId = String(randomInt(1, 2 ** 47))
  readonly #types = new PayloadTypes()
  /** The m= lines of the session so far; their order and number never change (RFC 3264 §8). */
  #layout: string[] = []
  #version = randomInt(1, 2 ** 31)
  #body = ''
  #text = ''
  #wanted: Direction = 'sendrecv'
  #offer: PendingOffer | undefined
  /** The offer that the agreement rests on, for the answers of other forks. */
  #answered: { offer: PendingOffer; answer: string } | undefined
  #agreement: Agreement | undefined
  #credentials: IceCredentials | undefined

  constructor(local: LocalAddress) {
    this.#local = local
  }

  get localSdp(): string {
    return this.#text
  }

  get agreement(): Agreement | undefined {
    return this.#agreement
  }

  /** How the packets travel, by the agreement or the offer on its way. */
  get carriage(): Carriage {
    return this.#offer?.carriage ?? (this.#agreement?.remote.security ? 'webrtc' : 'rtp')
  }

  /** Ours for ICE; new ones where the peer looks for paths anew. */
  get credentials(): IceCredentials {
    return (this.#credentials ??= createCredentials())
  }

  /** What an offer of ours that is on the way promises to receive. */
  get offered(): readonly NumberedCodec[] {
    return this.#offer?.codecs ?? []
  }

  /** Makes an offer, the first or one inside the session; an earlier one without an answer is forgotten. */
  offer(policy: OfferPolicy): string {
    const codecs = this.#types.number(policy.codecs)
    if (!codecs.some(isVoice)) throw new MediaError('bad-option', 'an offer needs a voice codec')
    this.#wanted = policy.direction ?? this.#wanted
    const index = this.#agreement?.index ?? 0
    const carriage = this.#agreement ? this.carriage : (policy.carriage ?? this.#offer?.carriage ?? 'rtp')
    const security = carriage === 'webrtc' ? (this.#agreement?.remote.security ?? OWN_SECURITY) : undefined
    const fresh = security ? WEBRTC_PROTOCOL : 'RTP/AVP'
    const stream: LocalStream = {
      codecs,
      security,
      protocol: this.#agreement?.remote.protocol ?? fresh,
      mux: this.#agreement?.remote.mux ?? security !== undefined,
      direction: this.#wanted,
      ptime: policy.ptime ?? DEFAULT_PTIME,
      setup: 'actpass',
    }
    const layout = this.#layout.length > 0 ? this.#layout : ['']
    this.#offer = { codecs, index, mux: stream.mux, carriage }
    return this.#publish(
      layout.map((line, at) => (at === index ? this.#audioLines(stream) : [line])),
      security,
    )
  }

  /**
   * Answers an offer of the peer, the first or a re-INVITE's. An offer of ours on the way is withdrawn.
   * @throws MediaError `bad-sdp`, `not-acceptable`
   */
  answer(text: string, policy: CodecPolicy): string {
    const session = parseDescription(text)
    if (session.media.length < this.#layout.length) throw new MediaError('bad-sdp', 'a media line is gone')
    const index = this.#chooseStream(session)
    const media = session.media[index]
    if (!media) return this.#refuseAll(session)
    const offered = codecsOf(media)
    const voice = chooseVoice(offered, policy)
    const codecs = [voice, ...chooseEvents(offered, voice)]
    const agreement = this.#agreementOn(session, media, index, codecs)
    this.#types.remember(offered)
    this.#renewCredentials(agreement)
    this.#settle(agreement)
    const { direction, ptime, remote } = agreement
    const { mux, security } = remote
    const stream: LocalStream = {
      ...{ protocol: media.protocol, codecs, direction, mux, ptime, security },
      setup: 'passive',
    }
    this.#layout = session.media.map(refusal)
    return this.#publish(
      session.media.map((each, at) => (at === index ? this.#audioLines(stream) : [refusal(each)])),
      security,
    )
  }

  /**
   * Takes the peer's answer to our last offer. Another fork's answer may follow: it replaces the first.
   * @returns false where the same answer came again
   * @throws MediaError `bad-state`, `bad-sdp`, `not-acceptable`
   */
  accept(text: string): boolean {
    const offer = this.#offer ?? this.#answered?.offer
    if (!offer) throw new MediaError('bad-state', 'no offer of ours is on the way')
    if (!this.#offer && this.#answered?.answer === text) return false
    const session = parseDescription(text)
    if (session.media.length !== Math.max(1, this.#layout.length)) {
      throw new MediaError('bad-sdp', 'an answer has as many media lines as its offer')
    }
    const media = session.media[offer.index]
    if (!media || !isUsableAudio(session, media, offer.carriage))
      throw new MediaError('not-acceptable', 'the audio stream was refused')
    const agreed = agreedCodecs(offer.codecs, media)
    const audio = agreed.filter(({ codec }) => isVoice(codec))
    if (audio.length === 0) throw new MediaError('not-acceptable', 'no codec of our offer was taken')
    const direction = both(reverse(remoteDirection(session, media)), this.#wanted)
    const remote = remoteMedia(session, media, this.#local.family, offer.mux)
    requireSamePeer(this.#agreement?.remote.security, remote.security)
    const events = agreed.filter(({ codec }) => isTelephoneEvent(codec))
    this.#settle({ index: offer.index, remote, direction, audio, events, ptime: remotePtime(media) })
    this.#answered = { offer, answer: text }
    this.#layout = session.media.map(refusal)
    return true
  }

  #chooseStream(session: SessionDescription): number {
    const present = this.#agreement?.index ?? -1
    const carriage = this.#agreement && this.carriage
    const usable = (media: MediaDescription) => isUsableAudio(session, media, carriage)
    const at = session.media[present]
    if (at && usable(at)) return present
    const index = session.media.findIndex(usable)
    const removed = at?.kind === 'audio' && at.port === 0
    if (index >= 0 || removed) return index
    throw new MediaError('not-acceptable', 'no audio stream over plain RTP or WebRTC')
  }

  /** The peer removed the stream (RFC 3264 §8.2): the session goes on without media. */
  #refuseAll(session: SessionDescription): string {
    if (this.#agreement) this.#settle({ ...this.#agreement, direction: 'inactive' })
    this.#layout = session.media.map(refusal)
    return this.#publish(session.media.map((media) => [refusal(media)]))
  }

  #agreementOn(
    session: SessionDescription,
    media: MediaDescription,
    index: number,
    codecs: NumberedCodec[],
  ): Agreement {
    const agreed = codecs.map((codec) => ({
      codec: stripNumber(codec),
      send: codec.payloadType,
      receive: [codec.payloadType],
    }))
    const remote = remoteMedia(session, media, this.#local.family)
    requireSamePeer(this.#agreement?.remote.security, remote.security)
    return {
      index,
      remote,
      direction: both(reverse(remoteDirection(session, media)), this.#wanted),
      audio: agreed.filter(({ codec }) => isVoice(codec)),
      events: agreed.filter(({ codec }) => isTelephoneEvent(codec)),
      ptime: remotePtime(media),
    }
  }

  /** Where the peer looks for paths anew, so do we (RFC 8839 §4.4.1.1.1). */
  #renewCredentials({ remote }: Agreement): void {
    const before = this.#agreement?.remote.security?.fragment
    if (before !== undefined && before !== remote.security?.fragment) this.#credentials = createCredentials()
  }

  #settle(agreement: Agreement): void {
    this.#agreement = agreement
    this.#offer = undefined
    this.#answered = undefined
  }

  #audioLines(stream: LocalStream): string[] {
    const { address, port } = this.#local
    const numbers = stream.codecs.map((codec) => codec.payloadType).join(' ')
    const secured = stream.security
      ? securityLines(
          { credentials: this.credentials, ...this.#local.identity(), address, port },
          stream.setup,
          stream.security.mid,
        )
      : []
    return [
      `m=audio ${port} ${stream.protocol} ${numbers}`,
      ...stream.codecs.flatMap(codecLines),
      `a=ptime:${stream.ptime}`,
      `a=${stream.direction}`,
      stream.mux ? 'a=rtcp-mux' : `a=rtcp:${port + 1}`,
      ...secured,
    ]
  }

  /** The version grows with each change and only with one (RFC 3264 §8). */
  #publish(media: string[][], security?: LocalStream['security']): string {
    const session = security ? sessionLines(security) : []
    const body = [...session, ...media.flat()].join('\r\n')
    if (body === this.#body) return this.#text
    this.#body = body
    this.#version += 1
    const at = `IN IP${this.#local.family} ${this.#local.address}`
    const head = ['v=0', `o=- ${this.#sessionId} ${this.#version} ${at}`, 's=-', `c=${at}`, 't=0 0']
    this.#text = [...head, body, ''].join('\r\n')
    return this.#text
  }
}

/** An m= line that says no (RFC 3264 §6); a browser knows the section by its mid (RFC 8829 §5.3.1). */
function refusal(media: MediaDescription): string {
  const mid = attribute(media, 'mid')
  const line = `m=${media.kind} 0 ${media.protocol} ${media.formats.join(' ')}`
  return mid === undefined ? line : `${line}\r\na=mid:${mid}`
}

/** The ptime that a peer asks for in a description, without negotiating. @throws MediaError `bad-sdp` */
export function offeredStream(text: string): { codecs: NumberedCodec[]; ptime: number } {
  const session = parseDescription(text)
  const media = session.media.find((each) => isUsableAudio(session, each))
  if (!media) throw new MediaError('not-acceptable', 'no audio stream over plain RTP or WebRTC')
  const ptime = attribute(media, 'ptime') === undefined ? DEFAULT_PTIME : remotePtime(media)
  return { codecs: codecsOf(media), ptime }
}
