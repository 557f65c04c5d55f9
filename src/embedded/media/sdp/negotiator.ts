import { randomInt } from 'node:crypto'
import { MediaError } from '../errors.js'
import type { Direction } from '../types.js'
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

export interface LocalAddress {
  address: string
  family: 4 | 6
  port: number
}

export interface OfferPolicy {
  codecs: readonly (Codec & { payloadType?: number })[]
  direction?: Direction
  ptime?: number
}

interface PendingOffer {
  codecs: NumberedCodec[]
  index: number
  mux: boolean
}

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

  constructor(local: LocalAddress) {
    this.#local = local
  }

  get localSdp(): string {
    return this.#text
  }

  get agreement(): Agreement | undefined {
    return this.#agreement
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
    const protocol = this.#agreement?.remote.protocol ?? 'RTP/AVP'
    const mux = this.#agreement?.remote.mux ?? false
    const ptime = policy.ptime ?? DEFAULT_PTIME
    const audio = this.#audioLines({ protocol, codecs, direction: this.#wanted, mux, ptime })
    const layout = this.#layout.length > 0 ? this.#layout : ['']
    this.#offer = { codecs, index, mux }
    return this.#publish(layout.map((line, at) => (at === index ? audio : [line])))
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
    this.#settle(agreement)
    const { direction, ptime, remote } = agreement
    const audio = this.#audioLines({ protocol: media.protocol, codecs, direction, mux: remote.mux, ptime })
    this.#layout = session.media.map(refusal)
    return this.#publish(session.media.map((each, at) => (at === index ? audio : [refusal(each)])))
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
    if (!media || !isUsableAudio(media))
      throw new MediaError('not-acceptable', 'the audio stream was refused')
    const agreed = agreedCodecs(offer.codecs, media)
    const audio = agreed.filter(({ codec }) => isVoice(codec))
    if (audio.length === 0) throw new MediaError('not-acceptable', 'no codec of our offer was taken')
    const direction = both(reverse(remoteDirection(session, media)), this.#wanted)
    const remote = remoteMedia(session, media, this.#local.family, offer.mux)
    const events = agreed.filter(({ codec }) => isTelephoneEvent(codec))
    this.#settle({ index: offer.index, remote, direction, audio, events, ptime: remotePtime(media) })
    this.#answered = { offer, answer: text }
    this.#layout = session.media.map(refusal)
    return true
  }

  #chooseStream(session: SessionDescription): number {
    const present = this.#agreement?.index ?? -1
    const at = session.media[present]
    if (at && isUsableAudio(at)) return present
    const index = session.media.findIndex(isUsableAudio)
    const removed = at?.kind === 'audio' && at.port === 0
    if (index >= 0 || removed) return index
    throw new MediaError('not-acceptable', 'no audio stream over plain RTP')
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
    return {
      index,
      remote: remoteMedia(session, media, this.#local.family),
      direction: both(reverse(remoteDirection(session, media)), this.#wanted),
      audio: agreed.filter(({ codec }) => isVoice(codec)),
      events: agreed.filter(({ codec }) => isTelephoneEvent(codec)),
      ptime: remotePtime(media),
    }
  }

  #settle(agreement: Agreement): void {
    this.#agreement = agreement
    this.#offer = undefined
    this.#answered = undefined
  }

  #audioLines(stream: {
    protocol: string
    codecs: readonly NumberedCodec[]
    direction: Direction
    mux: boolean
    ptime: number
  }): string[] {
    const { port } = this.#local
    const numbers = stream.codecs.map((codec) => codec.payloadType).join(' ')
    return [
      `m=audio ${port} ${stream.protocol} ${numbers}`,
      ...stream.codecs.flatMap(codecLines),
      `a=ptime:${stream.ptime}`,
      `a=${stream.direction}`,
      stream.mux ? 'a=rtcp-mux' : `a=rtcp:${port + 1}`,
    ]
  }

  /** The version grows with each change and only with one (RFC 3264 §8). */
  #publish(media: string[][]): string {
    const body = media.flat().join('\r\n')
    if (body === this.#body) return this.#text
    this.#body = body
    this.#version += 1
    const at = `IN IP${this.#local.family} ${this.#local.address}`
    const head = ['v=0', `o=- ${this.#sessionId} ${this.#version} ${at}`, 's=-', `c=${at}`, 't=0 0']
    this.#text = [...head, body, ''].join('\r\n')
    return this.#text
  }
}

/** An m= line that says no (RFC 3264 §6). */
function refusal(media: MediaDescription): string {
  return `m=${media.kind} 0 ${media.protocol} ${media.formats.join(' ')}`
}

/** The ptime that a peer asks for in a description, without negotiating. @throws MediaError `bad-sdp` */
export function offeredStream(text: string): { codecs: NumberedCodec[]; ptime: number } {
  const media = parseDescription(text).media.find(isUsableAudio)
  if (!media) throw new MediaError('not-acceptable', 'no audio stream over plain RTP')
  const ptime = attribute(media, 'ptime') === undefined ? DEFAULT_PTIME : remotePtime(media)
  return { codecs: codecsOf(media), ptime }
}
