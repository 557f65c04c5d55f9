import { addressOf } from './address.js'
import { monotonicMs } from './clock.js'
import { MediaError } from './errors.js'
import { PortStock } from './port-stock.js'
import type { Command, Terms } from './protocol.js'
import { random32, randomName } from './random.js'
import { joinable } from './route.js'
import { DEFAULT_PTIME, type Agreement } from './sdp/agreement.js'
import { codecName, lawOf, resolveChoice, type Codec } from './sdp/codecs.js'
import { Negotiator, offeredStream, type OfferPolicy } from './sdp/negotiator.js'
import { agreedWishes, chosenOffer, defaultOffer, offerJoinable, offerLike } from './sdp/offers.js'
import type { Carriage } from './sdp/security.js'
import { planTone } from './tones/plan.js'
import type { CodecChoice, Direction, EndpointDescription, MediaOptions, ToneSpec } from './types.js'
import { createIdentity, type Identity } from './webrtc/dtls/index.js'

export interface CreateParams {
  /** Answered where it is there; else an offer is made. */
  remoteSdp?: string
  /** Nothing else is offered or taken. */
  codecs?: readonly CodecChoice[]
  /** The id of an endpoint that this one is to be joined to: only what can be joined is offered or taken. */
  joinable?: string
  /** Of an offer of ours. In the clear by default. */
  carriage?: Carriage
  /** A description whose codecs are offered, and G.711 after them. */
  likeSdp?: string
}

export interface OfferParams {
  direction?: Direction
  codecs?: readonly CodecChoice[]
}

/** The way to where packets are. */
export interface PlaneLink {
  /** Ports of bound pairs. Rejects with a MediaError where there is none; `late`: those that come after that. */
  lease(count: number, late: (ports: readonly number[]) => void): Promise<readonly number[]>
  send(command: Command): void
}

/** Of an answer that is never sent: discard (RFC 863). */
const NO_PORT = 9

interface Session {
  readonly id: string
  readonly negotiator: Negotiator
  peer: Session | undefined
}

/**
 * The descriptions of all endpoints, and who is joined to whom. Everything that can be refused is refused here, at once;
 * the media plane is told of what came of it.
 */
export class Sessions {
  readonly #place: { address: string; family: 4 | 6 }
  readonly #link: PlaneLink
  readonly #stock: PortStock
  readonly #sessions = new Map<string, Session>()
  #lastId = 0
  #closed: MediaError | undefined
  /** Made for the first peer that needs it. */
  #identity: Identity | undefined

  /** @throws MediaError `bad-option` */
  constructor(options: Pick<MediaOptions, 'host' | 'advertise'>, link: PlaneLink) {
    this.#place = addressOf(options)
    this.#link = link
    this.#stock = new PortStock((count, late) => link.lease(count, late))
  }

  /**
   * @param signal gives it up while it waits for a port
   * @throws MediaError `bad-sdp`, `not-acceptable`, `no-ports`, `bad-option`, `unknown-endpoint`, `aborted`
   */
  async create(params: CreateParams, signal?: AbortSignal): Promise<EndpointDescription> {
    if (this.#closed) throw this.#closed
    if (signal?.aborted) throw new MediaError('aborted', 'the creation was given up')
    const port = this.#stock.take() ?? (await this.#stock.wait(signal))
    try {
      return this.#open(port, params)
    } catch (error) {
      // An offer that cannot be served costs no port.
      this.#stock.putBack(port)
      throw error
    }
  }

  /** Whether an offer would be taken, at the price of no port. @throws MediaError `bad-sdp`, `not-acceptable` */
  check(offer: string): void {
    const identity = () => ({ ssrc: 0, cname: '', fingerprint: this.#whoWeAre().fingerprint })
    new Negotiator({ ...this.#place, port: NO_PORT, identity }).answer(offer, {})
  }

  #open(port: number, params: CreateParams): EndpointDescription {
    if (this.#closed) throw this.#closed
    const stream = { ssrc: random32(), cname: randomName() }
    const negotiator = new Negotiator({
      ...{ ...this.#place, port },
      identity: () => ({ ...stream, fingerprint: this.#whoWeAre().fingerprint }),
    })
    if (params.remoteSdp === undefined) negotiator.offer(this.#firstOffer(params))
    else {
      const allowed = params.codecs?.map(resolveChoice)
      const peer = params.joinable === undefined ? undefined : codecsOf(this.#find(params.joinable))
      negotiator.answer(params.remoteSdp, { ...(allowed && { allowed }), ...(peer && { peer }) })
    }
    const session: Session = { id: String((this.#lastId += 1)), negotiator, peer: undefined }
    this.#sessions.set(session.id, session)
    const identity = negotiator.carriage === 'webrtc' ? this.#whoWeAre() : undefined
    const madeAt = monotonicMs()
    this.#link.send({
      type: 'open',
      id: session.id,
      port,
      ...stream,
      terms: termsOf(session),
      identity,
      madeAt,
    })
    return describe(session)
  }

  #whoWeAre(): Identity {
    return (this.#identity ??= createIdentity())
  }

  #firstOffer(params: CreateParams): OfferPolicy {
    return { ...this.#firstCodecs(params), ...(params.carriage && { carriage: params.carriage }) }
  }

  #firstCodecs({ codecs, joinable: other, likeSdp }: CreateParams): OfferPolicy {
    if (codecs) return { codecs: chosenOffer(codecs) }
    if (other !== undefined) {
      const session = this.#find(other)
      const { agreement } = session.negotiator
      const wishes = agreement ? agreedWishes(agreement) : codecsOf(session)
      return { codecs: offerJoinable(wishes, []), ptime: agreement?.ptime ?? DEFAULT_PTIME }
    }
    if (likeSdp === undefined) return { codecs: defaultOffer() }
    const stream = offeredStream(likeSdp)
    return { codecs: offerLike(stream.codecs), ptime: stream.ptime }
  }

  /** Completes an offer of ours. @throws MediaError `bad-state`, `bad-sdp`, `not-acceptable` */
  accept(id: string, sdp: string): EndpointDescription {
    const session = this.#find(id)
    if (session.negotiator.accept(sdp)) this.#tell('agree', session)
    return describe(session)
  }

  /** Answers an offer inside the session. @throws MediaError `bad-sdp`, `not-acceptable` */
  modify(id: string, sdp: string): EndpointDescription {
    const session = this.#find(id)
    session.negotiator.answer(sdp, session.peer ? { peer: codecsOf(session.peer) } : {})
    this.#tell('agree', session)
    return describe(session)
  }

  /** Makes an offer inside the session. @throws MediaError `bad-option` */
  reoffer(id: string, { direction, codecs }: OfferParams): EndpointDescription {
    const session = this.#find(id)
    const { agreement } = session.negotiator
    const own = agreement ? agreedWishes(agreement) : codecsOf(session)
    const peer = session.peer?.negotiator.agreement
    session.negotiator.offer({
      codecs: codecs ? chosenOffer(codecs) : offerJoinable(peer ? agreedWishes(peer) : [], own),
      ...(direction ? { direction } : {}),
      ...(agreement ? { ptime: agreement.ptime } : {}),
    })
    this.#tell('offer', session)
    return describe(session)
  }

  #tell(type: 'agree' | 'offer', session: Session): void {
    this.#link.send({ type, id: session.id, terms: termsOf(session) })
  }

  /** Each hears the other, and no tone. @throws MediaError `bad-state`, `not-acceptable` */
  join(id: string, otherId: string): void {
    const [session, other] = [this.#find(id), this.#find(otherId)]
    if (session.peer === other) return
    if (other === session || session.peer || other.peer) throw new MediaError('bad-state', 'joined already')
    const [ours, theirs] = [session.negotiator.agreement, other.negotiator.agreement]
    if (!ours || !theirs) throw new MediaError('bad-state', 'an endpoint has no answer yet')
    if (!joinable(ours, theirs)) {
      throw new MediaError('not-acceptable', `no way between ${codecOf(ours)} and ${codecOf(theirs)}`)
    }
    session.peer = other
    other.peer = session
    this.#link.send({ type: 'join', id, other: otherId })
  }

  unjoin(id: string): void {
    const session = this.#find(id)
    part(session)
    this.#link.send({ type: 'unjoin', id })
  }

  /**
   * Looks whether a tone can be played.
   * @returns audible: false where the peer's codec cannot be played here and nothing is sent
   * @throws MediaError `bad-state` for a joined endpoint, `bad-option`
   */
  checkTone(id: string, tone: ToneSpec): { audible: boolean } {
    const { peer, negotiator } = this.#find(id)
    if (peer) throw new MediaError('bad-state', 'a joined endpoint hears the other one')
    planTone(tone)
    const voice = negotiator.agreement?.audio[0]
    return { audible: voice !== undefined && lawOf(voice.codec) !== undefined }
  }

  /** Plays a tone that needs no file. As `checkTone`. */
  play(id: string, tone: ToneSpec): { audible: boolean } {
    const checked = this.checkTone(id, tone)
    this.#link.send({ type: 'play', id, tone })
    return checked
  }

  stop(id: string): void {
    this.#link.send({ type: 'stop', id: this.#find(id).id })
  }

  /** An endpoint that is not there is removed already. */
  remove(id: string): void {
    const session = this.#sessions.get(id)
    if (!session) return
    part(session)
    this.#sessions.delete(id)
    this.#link.send({ type: 'remove', id })
  }

  /** From now on everything is refused. */
  close(why: MediaError): void {
    this.#closed ??= why
    this.#sessions.clear()
    this.#stock.close(this.#closed)
  }

  #find(id: string): Session {
    const session = this.#sessions.get(id)
    if (session) return session
    throw this.#closed ?? new MediaError('unknown-endpoint', `no endpoint ${id}`)
  }
}

function part(session: Session): void {
  if (session.peer) session.peer.peer = undefined
  session.peer = undefined
}

function termsOf({ negotiator }: Session): Terms {
  const { agreement, offered, carriage } = negotiator
  return { agreement, offered, credentials: carriage === 'webrtc' ? negotiator.credentials : undefined }
}

/** The codecs that this side speaks, or will if its offer is taken. */
function codecsOf({ negotiator }: Session): readonly Codec[] {
  const { agreement } = negotiator
  return agreement ? agreement.audio.map(({ codec }) => codec) : negotiator.offered
}

function codecOf({ audio: [voice] }: Agreement): string | undefined {
  return voice && codecName(voice.codec)
}

function describe({ id, negotiator }: Session): EndpointDescription {
  const { agreement, localSdp } = negotiator
  const codec = agreement && codecOf(agreement)
  return {
    id,
    localSdp,
    direction: agreement?.direction ?? 'sendrecv',
    ...(codec === undefined ? {} : { codec }),
  }
}
