/**
 * A SIP server for apps: those of this process are attached to it, others drive it over drachtio-server's wire protocol
 * by unmodified drachtio-srf.
 *
 *   control      apps: what they are told, the TCP port with its frames and commands, whose turn it is
 *   core         what drachtio-server does by itself, and what it asks apps
 *   dialog       dialog state, session timers, reliable provisionals
 *   transaction  the four machines of RFC 3261 as tables, and what runs them
 *   transport    listening points, connections, the way from a URI to a flow
 *   message      bytes to messages and back
 *
 * Each folder uses only those below it; `control` gives `core` its words. Nothing here knows of Reveille.
 */
export { startSipServer, type Control, type SharedSipServer, type SipServer } from './server.js'
export type { AttachedApp, Attachment } from './control/attached-apps.js'
export type {
  App,
  AppMessage,
  AppRequest,
  AppResponse,
  CommandHandler,
  Outcome,
  Requester,
} from './control/app.js'
export type { HeaderLine } from './transaction/client-transaction.js'
export type { SipRequest, SipResponse } from './message/message.js'
export type { Flow } from './transport/transport.js'
export type {
  ControlOptions,
  ListenOptions,
  NameServices,
  SipFault,
  SipLimits,
  SipServerOptions,
  SipTimers,
} from './options.js'
export type { SipServerStats } from './stats.js'
