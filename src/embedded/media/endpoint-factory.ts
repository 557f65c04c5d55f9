import { type EngineClock, monotonicMs } from './clock.js'
import { MediaEndpoint } from './endpoint.js'
import { MediaError } from './errors.js'
import { PortPool, type PortPair } from './ports.js'
import type { OpenParams } from './protocol.js'
import { random32 } from './random.js'
import { PairSockets, type BoundPair } from './sockets.js'
import { PlainTransport, type MediaTransport } from './transport.js'
import type { DtmfEvent, MediaOptions } from './types.js'
import { WebrtcTransport } from './webrtc/transport.js'

/** 25 frames of voice: who still sends after a call is heard by then, and its pair rests on. */
const DEFAULT_REST_MS = 500

/** Binds port pairs ahead, opens endpoints on them, and takes them back. */
export class EndpointFactory {
  readonly ports: PortPool
  readonly #host: string
  readonly #restMs: number
  readonly #clock: EngineClock
  readonly #now: () => number
  readonly #onDtmf: (id: string, event: DtmfEvent) => void
  /** Bound for whoever asked, by the port of RTP. */
  readonly #leased = new Map<number, BoundPair>()

  /** @throws MediaError `bad-option` */
  constructor(options: MediaOptions, clock: EngineClock, onDtmf: (id: string, event: DtmfEvent) => void) {
    this.#host = options.host
    this.#clock = clock
    this.#now = () => clock.now()
    this.#onDtmf = onDtmf
    this.#restMs = options.portRestMs ?? DEFAULT_REST_MS
    this.ports = new PortPool(options.ports, this.#restMs, this.#now)
  }

  /**
   * @returns the ports of RTP of that many pairs, or fewer, whose sockets are bound
   * @throws MediaError `no-ports` where there is none, `bad-option`
   */
  async lease(count: number): Promise<readonly number[]> {
    const ports: number[] = []
    while (ports.length < count) {
      try {
        // One is needed; those beyond it can wait for peers of former calls to fall silent.
        const bound = await this.#bind(ports.length === 0)
        this.#leased.set(bound.pair.port, bound)
        ports.push(bound.pair.port)
      } catch (error) {
        if (ports.length === 0) throw error
        break
      }
    }
    return ports
  }

  /** Pairs that no endpoint has. */
  get free(): number {
    return this.ports.free + this.#leased.size
  }

  async #bind(needed: boolean): Promise<BoundPair> {
    for (;;) {
      const pair = this.ports.take(needed)
      try {
        pair.sockets ??= await PairSockets.bind(this.#host, pair.port, this.#now)
        return { pair, sockets: pair.sockets }
      } catch (cause) {
        await this.ports.release(pair)
        const { code, message } = cause as NodeJS.ErrnoException
        // Somebody else has a port of the pair: it rests, and the next one is tried until none is left.
        if (code === 'EADDRINUSE' || code === 'EACCES') continue
        const why = code === 'EMFILE' || code === 'ENFILE' ? 'no-ports' : 'bad-option'
        throw new MediaError(why, `cannot bind: ${message}`, { cause })
      }
    }
  }

  /** @throws MediaError `internal` for a port that was not leased */
  make(params: OpenParams): MediaEndpoint {
    const bound = this.#leased.get(params.port)
    if (!bound) throw new MediaError('internal', `port ${params.port} was not leased`)
    this.#leased.delete(params.port)
    try {
      return this.#endpoint(bound, params)
    } catch (error) {
      // A defect: it costs no port.
      bound.sockets.rest()
      void this.ports.release(bound.pair)
      throw error
    }
  }

  #endpoint({ pair, sockets }: BoundPair, params: OpenParams): MediaEndpoint {
    const { id, ssrc, cname, terms, madeAt } = params
    const { rtp, rtcp } = sockets
    // A peer may be quicker than the word of it that comes here from the thread that described the endpoint.
    const until = this.#now() - (monotonicMs() - madeAt)
    return new MediaEndpoint({
      ...{ id, ssrc, cname, terms, pair },
      strays: { rtp: rtp.stray(this.#restMs, until), rtcp: rtcp.stray(this.#restMs, until) },
      transport: this.#transport(sockets, params),
      now: this.#now,
      random32,
      onDtmf: (event) => this.#onDtmf(id, event),
    })
  }

  #transport({ rtp, rtcp }: PairSockets, { identity, terms: { credentials } }: OpenParams): MediaTransport {
    if (!identity || !credentials) return new PlainTransport(rtp, rtcp)
    const after = (ms: number, run: () => void) => this.#clock.after(ms, run)
    // On its way between threads a Buffer becomes plain bytes.
    const certificate = Buffer.from(identity.certificate)
    return new WebrtcTransport(rtp, { identity: { ...identity, certificate }, credentials, after })
  }

  /** Resolves once its sockets are kept for the next call, or closed. */
  dispose(endpoint: MediaEndpoint): Promise<void> {
    endpoint.close()
    return this.ports.release(endpoint.pair)
  }

  /** Closes the sockets that no endpoint has. */
  async close(): Promise<void> {
    const unused: PortPair[] = [...this.#leased.values()].map(({ pair }) => pair)
    this.#leased.clear()
    await Promise.all(unused.map((pair) => this.ports.release(pair)))
    await this.ports.close()
  }
}
