/** What we do with a stream, seen from our side (RFC 3264 §5.1). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

export interface MediaOptions {
  /** The address that sockets bind to. */
  host: string
  /** The address written into descriptions; the bind address by default. Same family as `host`. */
  advertise?: string
  /** RTP on the even port of each pair, RTCP on the odd one above it (RFC 3550 §11). Both ends included. */
  ports: { min: number; max: number }
  /** Silence on the wire, in ms, after which an endpoint that should receive reports it. 30 000; 0: never. */
  mediaTimeoutMs?: number
  /**
   * How long, in ms, a released port pair must have heard nothing before it serves another call, so that late packets of
   * the old one meet nobody. 500.
   */
  portRestMs?: number
  /** How often, in ms, an endpoint that is not joined reports what it receives (RFC 3550 §6.2). 5000. */
  rtcpIntervalMs?: number
}

export interface ToneSegment {
  /** Heard together; none: silence. In Hz. */
  frequencies: readonly number[]
  ms: number
  /** Amplitude modulation of the whole segment, in Hz (Japan and India ring so). */
  modulation?: number
}

/** What an endpoint may be played: over and over, or for one cadence, one recording. */
export type ToneSpec =
  /** By country: an ISO 3166 code in any case; `uk` is understood. Unknown countries hear the ITU's advice. */
  | { kind: 'ringback' | 'busy' | 'congestion'; country: string }
  /** Somebody accepted and is being connected: unlike any country's ringback. */
  | { kind: 'connecting' }
  /** Faint noise: the line lives. */
  | { kind: 'comfort' }
  | { kind: 'silence' }
  | { kind: 'segments'; segments: readonly ToneSegment[] }
  /** A WAV file: mono, 8000 or 16000 Hz, 16 bit PCM, A-law or mu-law. */
  | { kind: 'file'; path: string }

export interface DtmfEvent {
  /** `0` to `9`, `*`, `#`, `A` to `D` (RFC 4733 §3.2). */
  digit: string
  durationMs: number
}

export interface MediaTimeout {
  /** How long nothing valid has come in. */
  silentMs: number
  direction: Direction
  /** A caller may be quiet by right while it waits; one that is joined should be heard. */
  joined: boolean
  /** Whether anything came in since the endpoint was made. */
  everReceived: boolean
}

/** Counted since the endpoint was made. Bytes are whole UDP payloads. */
export interface EndpointCounters {
  packetsIn: number
  bytesIn: number
  packetsOut: number
  bytesOut: number
  /** Of `packetsOut`, those that came from the joined endpoint. */
  relayedOut: number
  /** G.711 frames with nothing but near-zero samples. */
  silenceIn: number
  /** By sequence number (RFC 3550 A.3). */
  lost: number
  jitterMs: number
  /** Not RTP at all. */
  invalidIn: number
  /** RTP of a payload type that was not negotiated. */
  unknownPayloadIn: number
  /** Valid, but not from the source that was learnt. */
  foreignIn: number
  /** Came in though our direction says that nothing should. */
  unwantedIn: number
  /** Received for a joined endpoint that has no payload type for it. */
  unroutable: number
  sendErrors: number
  rtcpIn: number
  rtcpOut: number
  /** Neither well-formed RTCP nor from the peer. */
  rtcpRefused: number
  /** What the peer says that it lost of ours, and its jitter; from its last report. */
  remoteLost: number
  remoteJitterMs: number
  dtmfEvents: number
  /** Where the peer's RTP comes from, once learnt. */
  source?: { address: string; port: number }
}

export interface EngineStats {
  endpoints: number
  joins: number
  /** Pairs in use; each holds two ports and two sockets. */
  portsInUse: number
  portsFree: number
  /** Endpoints that are played a tone. */
  tones: number
  /** Live timers of the engine. */
  timers: number
  packetsRelayed: number
  packetsPlayed: number
  /** Received and not used, for any reason. */
  packetsRefused: number
}

/** A codec by name (`PCMU`, `opus`) or in full. Names are compared without regard to case. */
export type CodecChoice =
  string | { name: string; clockRate: number; channels?: number; fmtp?: string; payloadType?: number }

/** The state of an endpoint's description after a change. */
export interface EndpointDescription {
  id: string
  localSdp: string
  direction: Direction
  /** The codec in use, as in `PCMU/8000`; absent until there is an agreement. */
  codec?: string
}
