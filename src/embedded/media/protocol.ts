import type { MediaErrorCode } from './errors.js'
import type { Agreement } from './sdp/agreement.js'
import type { NumberedCodec } from './sdp/codecs.js'
import type { PlaybackEnd } from './tones/playback.js'
import type {
  DtmfEvent,
  EndpointCounters,
  EngineStats,
  MediaOptions,
  MediaTimeout,
  ToneSpec,
} from './types.js'
import type { Identity } from './webrtc/dtls/index.js'
import type { IceCredentials } from './webrtc/ice.js'

/** What a session has agreed on, as far as packets are concerned. */
export interface Terms {
  agreement: Agreement | undefined
  /** What an offer of ours that is on the way promises to receive. */
  offered: readonly NumberedCodec[]
  /** Ours for ICE, where packets are sealed. */
  credentials: IceCredentials | undefined
}

export interface OpenParams {
  id: string
  /** That of RTP, of a pair that was leased. */
  port: number
  ssrc: number
  /** Identifies the endpoint in RTCP and tells nothing else (RFC 7022). */
  cname: string
  terms: Terms
  /** Who we are, where packets are sealed. */
  identity: Identity | undefined
  /** When its description was made, of which nobody can have heard before; ms of the clock of all threads. */
  madeAt: number
}

export interface PerformParams {
  /** Chosen by who asks; names the performance in the event that tells of its end. */
  performance: number
  tones: readonly ToneSpec[]
  /** How often all of them are heard; 1 or more. */
  times: number
}

export interface PerformanceOver {
  performance: number
  how: PlaybackEnd
}

/** What the media thread is told. It is never answered: what could be wrong with it was looked at before. */
export type Command =
  | ({ type: 'open' } & OpenParams)
  /** A new agreement. */
  | { type: 'agree'; id: string; terms: Terms }
  /** An offer of ours is on its way. */
  | { type: 'offer'; id: string; terms: Terms }
  /** Tones that need no file. */
  | { type: 'play'; id: string; tone: ToneSpec }
  | { type: 'stop'; id: string }
  | { type: 'join'; id: string; other: string }
  | { type: 'unjoin'; id: string }
  | { type: 'remove'; id: string }

/** What is asked of the media thread, and what each request yields. */
export interface Methods {
  start: { params: MediaOptions; result: void }
  /** Ports of bound pairs, that many or fewer, and one at least: they are kept for whoever asked. */
  lease: { params: { count: number }; result: readonly number[] }
  'play-file': { params: { id: string; tone: ToneSpec }; result: void }
  perform: { params: { id: string } & PerformParams; result: void }
  counters: { params: { id: string }; result: EndpointCounters }
  stats: { params: undefined; result: EngineStats }
  /** Whether it lives. */
  ping: { params: undefined; result: void }
  close: { params: undefined; result: void }
}

export type Method = keyof Methods

/** A request of any method; `call` numbers it. */
export type Request = {
  [M in Method]: { type: 'request'; call: number; method: M; params: Methods[M]['params'] }
}[Method]

/** What passes to the media thread, in its order: all of one turn together. */
export type ToPlane = readonly (Command | Request)[]

export type EngineEvent =
  | { type: 'dtmf'; id: string; detail: DtmfEvent }
  | { type: 'media-timeout'; id: string; detail: MediaTimeout }
  | { type: 'performed'; id: string; detail: PerformanceOver }

export type Reply =
  | { type: 'result'; call: number; result: unknown }
  | { type: 'error'; call: number; code: MediaErrorCode; message: string }
  | { type: 'event'; event: EngineEvent }
  /** A defect: a command could not be carried out, and nothing is right with the endpoint any more. */
  | { type: 'fault'; id: string; message: string }

/** What passes back. */
export type FromPlane = readonly Reply[]
