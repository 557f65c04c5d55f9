import type { AppMessage, ProxySpec } from './command.js'

/** An app as the SIP side sees it. */
export interface App {
  /** False once its connection is gone; what is sent then is dropped. */
  readonly connected: boolean
  send(frame: string): void
}

/** A `sip` command: a response, a request, an ACK, a CANCEL. */
export interface SipCommand {
  readonly id: string
  readonly transactionId: string
  readonly dialogId: string
  /** Next hop that the app chose; empty for none. */
  readonly route: string
  readonly message: AppMessage
}

/** The SIP side as apps see it. Each command is answered by one frame, at once or later. */
export interface CommandHandler {
  sip(app: App, command: SipCommand): void
  proxy(app: App, id: string, spec: ProxySpec, message: AppMessage): void
  /** The app is gone, and with it everything that it was to answer. */
  gone(app: App): void
}
