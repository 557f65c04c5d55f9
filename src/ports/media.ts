/** What a side hears that is waiting, is told something, or has nobody to hear. */
export type Sound =
  /** Ringback of a country, ISO 3166-1 alpha-2 in lower case (ITU-T E.180). */
  | { readonly kind: 'ringback'; readonly country: string }
  /** What was waited for does not come, by country as ringback is. */
  | { readonly kind: 'congestion'; readonly country: string }
  /** Who was wanted is talking, by country as ringback is. */
  | { readonly kind: 'busy'; readonly country: string }
  /** Somebody accepted; the device is being connected. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'silence' }
  /** A recording, by a path that the engine can read: mono WAV at 8 or 16 kHz, 16 bit PCM, A-law or mu-law. */
  | { readonly kind: 'file'; readonly path: string }

/**
 * How a performance came to its end: `finished` after its last sound, `stopped` by another sound, another
 * performance, `join` or `close`.
 */
export type PerformanceEnd = 'finished' | 'stopped'

export interface PerformOptions {
  /** How often all of the sounds are heard, one after the other; 1 or more. */
  readonly times: number
}

export interface MediaCounters {
  readonly packetsIn: number
  readonly bytesIn: number
  readonly packetsOut: number
  readonly bytesOut: number
  /** Received packets that carry silence, as far as the engine can tell: G.711, or comfort noise. */
  readonly silentIn: number
}

/** One side of a call's media. It is closed by `close`, or by its engine going away (`onLost`). */
export interface MediaEndpoint {
  readonly id: string
  /** Our SDP: the answer to the offer that the endpoint was made from, or our offer. Changes by `modify`. */
  readonly localSdp: string
  /** Completes our own offer with the peer's answer. Rejects `not-acceptable`. */
  accept(answerSdp: string): Promise<void>
  /** A new offer of the peer (re-INVITE); resolves to our answer. Rejects `not-acceptable`, and nothing changes then. */
  modify(offerSdp: string): Promise<string>
  /**
   * Plays until another sound, a performance, `join` or `close`; a file begins anew at its end. Resolves when it
   * began. Rejects `not-acceptable` for a file that cannot be played, where the engine knows that by then.
   */
  play(sound: Sound): Promise<void>
  /**
   * Plays sounds to their end, a file once and a tone for one cadence each time, and resolves when the last one is
   * over or something stopped them. Rejects `not-acceptable`, with the reason, for a file that cannot be played;
   * `lost` where the engine went away meanwhile.
   */
  perform(sounds: readonly Sound[], options: PerformOptions): Promise<PerformanceEnd>
  /** Relays both ways. Rejects `not-acceptable` where the sides share no codec. */
  join(other: MediaEndpoint): Promise<void>
  counters(): Promise<MediaCounters>
  /** Idempotent; never rejects. */
  close(): Promise<void>
}

export interface MediaEndpointEvents {
  /** Nothing came in for the configured time although it should. */
  timeout?(): void
  /** The engine is gone, and the endpoint with it. */
  lost?(): void
  /**
   * The peer pressed a key (RFC 4733 telephone-event), told once a press: `0` to `9`, `*`, `#`, `A` to `D`. Joined or
   * not; what was negotiated without telephone-event yields none.
   */
  digit?(digit: string): void
}

/** How our own offer carries the media: in the clear, keyed in the SDP (RFC 4568), or by ICE and DTLS (RFC 8827). */
export type MediaTransport = 'rtp' | 'srtp' | 'webrtc'

export interface MediaEndpointOptions {
  /** The peer's offer; without one the endpoint makes an offer. */
  readonly offer?: string
  /**
   * The other side of the call. Our offer is to carry its codecs first, so that no transcoding is needed; and where
   * an engine is many servers, this endpoint is made on the same one, because only those can be joined.
   */
  readonly offerLike?: MediaEndpoint
  /** Of our own offer; `rtp` by default. Rejects `not-acceptable` where the engine has no such transport. */
  readonly transport?: MediaTransport
  /** Preferred regions, the best first: a server of the first of them is taken that has one with room. */
  readonly regions?: readonly string[]
  readonly events?: MediaEndpointEvents
}

export interface MediaGauges {
  readonly endpoints: number
  readonly portsInUse: number
  readonly tones: number
  readonly timers: number
}

/** One of the servers that an engine is made of. */
export interface MediaServerStatus {
  readonly name: string
  readonly region?: string
  readonly up: boolean
  /** It takes no new endpoints: it is drained, or has no room. */
  readonly full: boolean
  /** Endpoints for its weight: to compare it with the others. */
  readonly load: number
}

export interface Media {
  readonly servers: readonly MediaServerStatus[]
  /**
   * Whether an offer can be served, as far as that is known without taking anything for it. An engine without it knows
   * by an endpoint alone.
   *
   * @throws MediaError `not-acceptable`
   */
  check?(offer: string): void
  /** Every request has a deadline of its own; rejects with {@link MediaError}. */
  endpoint(options: MediaEndpointOptions): Promise<MediaEndpoint>
  /** Rejects where the engine is away. */
  gauges(): Promise<MediaGauges>
  close(): Promise<void>
}

export type MediaErrorCode =
  /** Nothing in common: 488. */
  | 'not-acceptable'
  /** Ports or capacity used up: 503. */
  | 'exhausted'
  /** The engine is away or did not answer in time: 503. */
  | 'lost'

export class MediaError extends Error {
  override readonly name = 'MediaError'
  constructor(
    readonly code: MediaErrorCode,
    message: string,
  ) {
    super(message)
  }
}
