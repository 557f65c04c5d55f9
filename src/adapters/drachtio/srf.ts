/**
 * What of drachtio-srf 5.0.29 is used here, and is missing from or wrong in its types: `cbRequest` gets an error
 * first, `request` on a dialog takes a method, requests know their raw text and where they came from.
 */
import type { Socket } from 'node:net'
import Srf from 'drachtio-srf'
import { nameAllStatuses } from './statuses.js'

nameAllStatuses()

export interface RawMessage {
  readonly raw: string
  readonly method: string
  readonly uri: string
  readonly body: string
  get(name: string): string | undefined
  has(name: string): boolean
}

export interface Request extends RawMessage {
  readonly source_address: string
  readonly source_port: number
  readonly protocol: string
  readonly socket: Socket
  on(event: 'cancel', listener: (cancel: RawMessage) => void): this
  cancel(options: { headers?: Record<string, string> }, callback: (error: unknown) => void): void
}

export interface Response extends RawMessage {
  readonly status: number
  readonly reason: string
  readonly finalResponseSent: boolean
  send(
    status: number,
    reason: string | undefined,
    options: { headers?: Record<string, string>; body?: string },
    callback: (error: unknown) => void,
    /** Of a reliable provisional: called when its PRACK comes. */
    prack?: () => void,
  ): void
}

export interface Dialog {
  readonly remote: { readonly sdp: string }
  on(event: 'destroy', listener: (bye: RawMessage) => void): this
  on(
    event: 'modify' | 'info' | 'update' | 'refer' | 'subscribe',
    listener: (req: Request, res: Response) => void,
  ): this
  /** A SUBSCRIBE with Expires 0; drachtio-srf has answered it. */
  on(event: 'unsubscribe', listener: () => void): this
  once(event: 'ack', listener: (ack: RawMessage) => void): this
  removeAllListeners(event?: string): this
  destroy(options: { headers?: Record<string, string> }, callback: (error: unknown) => void): void
  request(
    options: { method: string; headers?: Record<string, string>; body?: string },
    callback: (error: unknown, res?: Response) => void,
  ): void
}

export interface UacProgress {
  cbRequest(error: unknown, request?: Request): void
  cbProvisional(response: Response): void
}

/** A final answer that was no 2xx, as createUAC and createUAS reject. */
export interface SipError extends Error {
  readonly status: number
  readonly reason?: string
  readonly res?: Response
}

/** Takes the requests of one method that belong to no dialog. */
type Route = (handler: (req: Request, res: Response) => void) => void

/**
 * Called while the message that made the dialog is being read. What is behind it in the same read, as a BYE, comes
 * before a promise would be heard, and would find nobody who listens.
 */
export type Dialogued = (error: unknown, dialog?: Dialog) => void

export interface SrfClient {
  connect(options: {
    host: string
    port: number
    secret: string
    reconnect: { maxAttempts: number; retryMaxDelay: number }
  }): unknown
  disconnect(): void
  use(method: string, handler: (req: Request, res: Response) => void): void
  invite: Route
  register: Route
  options: Route
  message: Route
  subscribe: Route
  notify: Route
  publish: Route
  refer: Route
  info: Route
  /** By callback, not by promise: see {@link Dialogued}. */
  createUAS(
    req: Request,
    res: Response,
    options: { localSdp?: string; headers?: Record<string, string> },
    callback: Dialogued,
  ): void
  removeDialog(dialog: Dialog): void
  createUAC(
    uri: string,
    options: {
      localSdp: string
      headers: Record<string, string>
      proxy?: string
      auth?: { username: string; password: string }
    },
    progress: UacProgress,
    callback: Dialogued,
  ): void
  on(event: 'connect', listener: (error: unknown, hostPorts: string) => void): this
  on(event: 'error' | 'close', listener: (error: unknown) => void): this
  removeAllListeners(): this
}

export function createSrf(): SrfClient {
  return new Srf() as unknown as SrfClient
}
