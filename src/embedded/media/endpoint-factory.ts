import { createSocket } from 'node:dgram'
import { isIP } from 'node:net'
import type { EngineClock } from './clock.js'
import { MediaEndpoint } from './endpoint.js'
import { MediaError } from './errors.js'
import { random32, randomName } from './random.js'
import { PortPool, type PortPair } from './ports.js'
import { DEFAULT_PTIME } from './sdp/agreement.js'
import { resolveChoice } from './sdp/codecs.js'
import { Negotiator, offeredStream, type OfferPolicy } from './sdp/negotiator.js'
import { agreedWishes, chosenOffer, defaultOffer, offerJoinable, offerLike } from './sdp/offers.js'
import type { Carriage } from './sdp/security.js'
import { PairSockets } from './sockets.js'
import { PlainTransport, type MediaTransport } from './transport.js'
import type { CodecChoice, DtmfEvent, MediaOptions } from './types.js'
import { createIdentity, type Identity } from './webrtc/dtls/index.js'
import { WebrtcTransport } from './webrtc/transport.js'

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

/** What our stream is called in RTP, and the endpoint in RTCP, which tells nothing else (RFC 7022). */
interface StreamName {
  ssrc: number
  cname: string
}

type Find = (id: string) => MediaEndpoint

/** 25 frames of voice: who still sends after a call is heard by then, and its pair rests on. */
const DEFAULT_REST_MS = 500

/** Opens endpoints and takes their ports back. */
export class EndpointFactory {
  readonly ports: PortPool
  readonly #host: string
  readonly #address: string
  readonly #family: 4 | 6
  readonly #clock: EngineClock
  readonly #now: () => number
  readonly #onDtmf: (id: string, event: DtmfEvent) => void
  #lastId = 0
  /** Made for the first peer that needs it. */
  #identity: Identity | undefined

  /** @throws MediaError `bad-option` */
  constructor(options: MediaOptions, clock: EngineClock, onDtmf: (id: string, event: DtmfEvent) => void) {
    const { address, family } = addressOf(options)
    this.#host = options.host
    this.#address = address
    this.#family = family
    this.#clock = clock
    this.#onDtmf = onDtmf
    this.#now = () => clock.now()
    this.ports = new PortPool(options.ports, options.portRestMs ?? DEFAULT_REST_MS, this.#now)
  }

  /** @throws MediaError `bad-sdp`, `not-acceptable`, `no-ports`, `bad-option`, and what `find` throws */
  async make(params: CreateParams, find: Find): Promise<MediaEndpoint> {
    for (;;) {
      const pair = this.ports.take()
      const stream = { ssrc: random32(), cname: randomName() }
      const negotiator = this.#negotiate(pair, stream, params, find)
      const transport = await this.#open(pair, negotiator)
      // Somebody else has a port of the pair: it rests, and the next one is tried until none is left.
      if (transport) return this.#assemble(pair, stream, transport, negotiator)
    }
  }

  /** Resolves once its sockets are kept for the next call, or closed. */
  dispose(endpoint: MediaEndpoint): Promise<void> {
    endpoint.close()
    return this.ports.release(endpoint.pair)
  }

  /** Before anything is bound, so that an offer that cannot be served costs no port. */
  #negotiate(pair: PortPair, stream: StreamName, params: CreateParams, find: Find): Negotiator {
    const negotiator = new Negotiator({
      ...{ address: this.#address, family: this.#family, port: pair.port },
      identity: () => ({ ...stream, fingerprint: this.#whoWeAre().fingerprint }),
    })
    try {
      if (params.remoteSdp === undefined) negotiator.offer(firstOffer(params, find))
      else {
        const allowed = params.codecs?.map(resolveChoice)
        const peer = params.joinable === undefined ? undefined : find(params.joinable).codecs
        negotiator.answer(params.remoteSdp, { ...(allowed && { allowed }), ...(peer && { peer }) })
      }
      return negotiator
    } catch (error) {
      this.ports.putBack(pair)
      throw error
    }
  }

  #whoWeAre(): Identity {
    return (this.#identity ??= createIdentity())
  }

  /** @returns undefined where somebody else has a port of the pair */
  async #open(pair: PortPair, negotiator: Negotiator): Promise<MediaTransport | undefined> {
    try {
      const sockets = (pair.sockets ??= await PairSockets.bind(this.#host, pair.port, this.#now))
      if (negotiator.carriage === 'rtp') return new PlainTransport(sockets.rtp, await sockets.withRtcp())
      const { credentials } = negotiator
      const after = (ms: number, run: () => void) => this.#clock.after(ms, run)
      return new WebrtcTransport(sockets.rtp, { identity: this.#whoWeAre(), credentials, after })
    } catch (cause) {
      await pair.sockets?.close()
      pair.sockets = undefined
      await this.ports.release(pair)
      const { code, message } = cause as NodeJS.ErrnoException
      if (code === 'EADDRINUSE' || code === 'EACCES') return undefined
      const why = code === 'EMFILE' || code === 'ENFILE' ? 'no-ports' : 'bad-option'
      throw new MediaError(why, `cannot bind: ${message}`, { cause })
    }
  }

  #assemble(
    pair: PortPair,
    stream: StreamName,
    transport: MediaTransport,
    negotiator: Negotiator,
  ): MediaEndpoint {
    const id = String((this.#lastId += 1))
    return new MediaEndpoint({
      id,
      pair,
      transport,
      negotiator,
      now: this.#now,
      random32,
      ...stream,
      onDtmf: (event) => this.#onDtmf(id, event),
    })
  }
}

function firstOffer(params: CreateParams, find: Find): OfferPolicy {
  return { ...firstCodecs(params, find), ...(params.carriage && { carriage: params.carriage }) }
}

function firstCodecs({ codecs, joinable, likeSdp }: CreateParams, find: Find): OfferPolicy {
  if (codecs) return { codecs: chosenOffer(codecs) }
  if (joinable !== undefined) {
    const { agreement, codecs: speaks } = find(joinable)
    const wishes = agreement ? agreedWishes(agreement) : speaks
    return { codecs: offerJoinable(wishes, []), ptime: agreement?.ptime ?? DEFAULT_PTIME }
  }
  if (likeSdp === undefined) return { codecs: defaultOffer() }
  const stream = offeredStream(likeSdp)
  return { codecs: offerLike(stream.codecs), ptime: stream.ptime }
}

function addressOf(options: MediaOptions): { address: string; family: 4 | 6 } {
  const address = options.advertise ?? options.host
  const family = isIP(options.host)
  if (family === 0 || isIP(address) === 0)
    throw new MediaError('bad-option', 'host and advertise are IP addresses')
  if (isIP(address) !== family) throw new MediaError('bad-option', 'host and advertise are of one family')
  if (address === '0.0.0.0' || address === '::') {
    throw new MediaError('bad-option', 'advertise is needed where host is every address')
  }
  return { address, family: family === 6 ? 6 : 4 }
}

/** @throws MediaError `bad-option` where nothing can be bound to the address */
export async function probeHost(host: string): Promise<void> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ port: 0, address: host, exclusive: true }, resolve)
    })
  } catch (cause) {
    throw new MediaError('bad-option', `cannot bind to ${host}: ${(cause as Error).message}`, { cause })
  } finally {
    socket.close()
  }
}
