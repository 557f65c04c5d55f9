/** What the server counts as it goes; the gauges of `SipServerStats` are read from the tables themselves. */
export class Counters {
  messagesIn = 0
  messagesOut = 0
  /** Bytes that were no SIP message, or one that had to be refused as malformed. */
  malformed = 0
  /** Requests refused with 503 because a limit was reached. */
  refused = 0
  /** Requests and responses that came again and were absorbed. */
  retransmissionsIn = 0
  /** Requests and responses that this server sent again. */
  retransmissionsOut = 0
  /** Responses that matched no transaction, ACKs that matched no dialog. */
  stray = 0
  /** Sends that the operating system or a connection refused. */
  sendFailures = 0
  keepAlives = 0
  /** Connections on which TLS or WebSocket were not agreed upon. */
  failedHandshakes = 0
}

export interface SipServerStats {
  transactions: { client: number; server: number }
  dialogs: number
  /** Connections of all transports but UDP, both directions. */
  connections: number
  /** Timers running. */
  timers: number
  /** Authenticated apps. */
  apps: number
  /** Requests that an app has yet to answer, or that await the answer of a peer. */
  pending: { incoming: number; outgoing: number; proxied: number }
  messages: { in: number; out: number }
  malformed: number
  refused: number
  retransmissions: { in: number; out: number }
  stray: number
  sendFailures: number
  keepAlives: number
  failedHandshakes: number
}
