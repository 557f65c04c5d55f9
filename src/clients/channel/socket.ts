import type { CloseCause } from './close-cause.js'

/** One WebSocket, as a channel needs it. Nothing throws. */
export interface ChannelSocket {
  /** Resolves when the text was handed to the operating system; rejects where the connection is gone before. */
  send(text: string): Promise<void>
  /** Bytes that are not handed over yet. */
  readonly buffered: number
  ping(): void
  /** Reads no more until `resume`. */
  pause(): void
  resume(): void
  /** Closes with the code of the cause; cuts the connection off where the client does not answer in time. */
  close(cause: CloseCause): void
}

/** What a channel wants to hear from its socket. */
export interface ChannelPeer {
  /** A text frame; null stands for a binary one. */
  received(text: string | null): void
  /** The answer to a ping. */
  pong(): void
  /** The connection is gone, whoever closed it. */
  closed(): void
}
