import type { QueueLimits } from '../../ports/client-messages.js'

/** What is kept for one client, and what one that is there may leave unacknowledged. */
export const QUEUE_LIMITS: QueueLimits = { messages: 500, bytes: 2 * 1024 * 1024 }

/** Bounds and times of a channel; times in milliseconds. */
export interface ChannelLimits {
  /** From the connection to `hello`. */
  readonly helloMs: number
  /** Between two pings; a client that has said nothing from one to the next is gone. */
  readonly pingMs: number
  /** What one write may take while the client reads too slowly. */
  readonly writeMs: number
  /** Before the database is asked again. */
  readonly retryMs: number
  /** Bytes that may wait in the socket before the next message waits for them. */
  readonly buffered: number
  /** Requests that may wait for the one before them; nothing more is read then. */
  readonly requests: number
  readonly queue: QueueLimits
}

export const CHANNEL_LIMITS: ChannelLimits = {
  helloMs: 10_000,
  pingMs: 25_000,
  writeMs: 15_000,
  retryMs: 1_000,
  buffered: 64 * 1024,
  requests: 16,
  queue: QUEUE_LIMITS,
}

/** Largest message that is read from a client, in bytes: an SDP or connection data, with room. */
export const MAX_CLIENT_MESSAGE = 64 * 1024
