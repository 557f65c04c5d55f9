import type { CreateParams } from './endpoint-factory.js'
import type { EngineEvent, OfferParams, PerformParams } from './engine.js'
import type { MediaErrorCode } from './errors.js'
import type { EndpointCounters, EndpointDescription, EngineStats, MediaOptions, ToneSpec } from './types.js'

/** What the main thread asks of the worker, and what each request yields. */
export interface Methods {
  start: { params: MediaOptions; result: void }
  create: { params: CreateParams; result: EndpointDescription }
  accept: { params: { id: string; sdp: string }; result: EndpointDescription }
  modify: { params: { id: string; sdp: string }; result: EndpointDescription }
  reoffer: { params: { id: string } & OfferParams; result: EndpointDescription }
  play: { params: { id: string; tone: ToneSpec }; result: { audible: boolean } }
  perform: { params: { id: string } & PerformParams; result: void }
  stop: { params: { id: string }; result: void }
  join: { params: { id: string; other: string }; result: void }
  unjoin: { params: { id: string }; result: void }
  counters: { params: { id: string }; result: EndpointCounters }
  remove: { params: { id: string }; result: void }
  stats: { params: undefined; result: EngineStats }
  close: { params: undefined; result: void }
}

export type Method = keyof Methods

/** A request of any method; `call` numbers it. */
export type Request = { [M in Method]: { call: number; method: M; params: Methods[M]['params'] } }[Method]

export type Reply =
  | { type: 'result'; call: number; result: unknown }
  | { type: 'error'; call: number; code: MediaErrorCode; message: string }
  | { type: 'event'; event: EngineEvent }
