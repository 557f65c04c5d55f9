/** Why a channel is closed, and the WebSocket close code that says so (RFC 6455 §7.4.2: 4000 to 4999 are ours). */
export const CLOSE_CODES = {
  /** What came is no JSON object, is binary, or came before `hello`. */
  'protocol-error': 4000,
  /** No `hello` within 10 seconds. */
  'no-hello': 4001,
  /** The token is none of ours, altered, revoked, or of another kind. */
  'bad-token': 4002,
  /** The token has expired, now or before. */
  'token-expired': 4003,
  /** The token does not grant the channel, or the device is not its user's. */
  'not-allowed': 4004,
  /** The same client has opened a newer channel. */
  replaced: 4005,
  /** The client does not read what is sent. */
  'too-slow': 4006,
  /** The client does not acknowledge what it gets. */
  'too-many-queued': 4007,
  /** No sign of life, not even to a ping. */
  silent: 4008,
  /** The server stops: connect again, to another one where there is one. */
  draining: 4009,
  /** The database is away, or the server has a fault: connect again a little later. */
  unavailable: 4010,
} as const

export type CloseCause = keyof typeof CLOSE_CODES
