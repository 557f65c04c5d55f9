/**
 * A SIP server that speaks drachtio-server's wire protocol, so that unmodified drachtio-srf drives it.
 *
 *   control      the TCP port for apps: frames, commands, whose turn it is
 *   core         what drachtio-server does by itself, and what it asks apps
 *   dialog       dialog state, session timers, reliable provisionals
 *   transaction  the four machines of RFC 3261 as tables, and what runs them
 *   transport    listening points, connections, the way from a URI to a flow
 *   message      bytes to messages and back
 *
 * Each folder uses only those below it; `control` gives `core` its words. Nothing here knows of Reveille.
 */
export { startSipServer, type SipServer } from './server.js'
export type {
  ListenOptions,
  NameServices,
  SipFault,
  SipLimits,
  SipServerOptions,
  SipTimers,
} from './options.js'
export type { SipServerStats } from './stats.js'
