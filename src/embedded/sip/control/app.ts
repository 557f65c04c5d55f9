import type { SipMessage, SipRequest, SipResponse } from '../message/message.js'
import type { HeaderLine } from '../transaction/client-transaction.js'
import type { Flow } from '../transport/transport.js'

export type Source = 'network' | 'application'

/** An app as the SIP side sees it: one behind a connection, or one in this process. Nothing here may throw. */
export interface App {
  /** False once it is gone; what it is told then is dropped. */
  readonly connected: boolean
  /** A request that belongs to no dialog, to be answered under `id`. */
  request(id: string, request: SipRequest, flow: Flow): void
  /** A request within a dialog, to be answered under `id`; an ACK, which needs no answer, under that of its INVITE. */
  dialogRequest(id: string, dialogId: string, request: SipRequest, flow: Flow): void
  /** An INVITE has its final response already: a CANCEL came, or one that says why. `dialogId` may be empty. */
  cancelled(id: string, dialogId: string, cancel: SipRequest, flow: Flow): void
  /** The server ended a dialog by a BYE of its own. */
  dialogEnded(dialogId: string, bye: SipRequest, flow: Flow): void
  /** A call record, for apps that asked for them. */
  record(record: string, source: Source, extra: string | undefined, message: SipMessage): void
}

/** What an app writes of a message: the server completes it. */
export interface AppMessage {
  readonly lines: readonly HeaderLine[]
  readonly body: Buffer
}

export interface AppResponse extends AppMessage {
  readonly status: number
  /** Empty for the usual phrase. */
  readonly reason: string
}

export interface AppRequest extends AppMessage {
  readonly method: string
  /** `sip:placeholder` stands for the remote target of the dialog. */
  readonly uri: string
  /** Empty for a request out of dialog. */
  readonly dialogId: string
  /** Next hop that the app chose; empty for none. */
  readonly route: string
}

/** What became of a command that is done or not done at once. */
export type Outcome<Done> = Done | { readonly refused: string }

export interface ResponseSent {
  readonly dialogId: string
  readonly response: SipResponse
  readonly flow: Flow
}

export interface CancelSent {
  readonly request: SipRequest
  readonly flow: Flow
}

/** Who sent a request, and hears what becomes of it: `refused`, or `sent` and then responses. Nothing may throw. */
export interface Requester {
  refused(reason: string): void
  /** Called before anything is written. */
  sent(id: string, request: SipRequest, flow: Flow): void
  response(id: string, dialogId: string, response: SipResponse, flow: Flow): void
}

export interface ProxySpec {
  readonly transactionId: string
  readonly recordRoute: boolean
  readonly fullResponse: boolean
  readonly followRedirects: boolean
  readonly simultaneous: boolean
  /** Milliseconds; undefined where the app set none. */
  readonly provisionalTimeout: number | undefined
  readonly finalTimeout: number | undefined
  readonly targets: readonly string[]
}

/** Hears of a proxied request: `refused`, or final responses and then `done`. */
export interface ProxyListener {
  refused(reason: string): void
  response(response: SipResponse, flow: Flow): void
  done(): void
}

/** The SIP side as apps see it. */
export interface CommandHandler {
  sendResponse(app: App, transactionId: string, response: AppResponse): Outcome<ResponseSent>
  /** A request or ACK. It is sent at once where the next hop's address is known. */
  sendRequest(app: App, request: AppRequest, requester: Requester): void
  /** Cancels an INVITE of the app's. */
  sendCancel(app: App, transactionId: string, message: AppMessage): Outcome<CancelSent>
  proxy(app: App, spec: ProxySpec, message: AppMessage, listener: ProxyListener): void
  /** The app is gone, and with it everything that it was to answer. */
  gone(app: App): void
}
