/**
 * Whom messages are numbered for: one app of a client. `device` is null where the client has named none. The same
 * client on two devices is two.
 */
export interface ClientAddress {
  /** Subject of the client's token. */
  readonly client: string
  readonly device: string | null
}

/** A message to a client, as it is kept until the client has it. */
export interface ClientMessage {
  /** Counts up by one a message of the client, from 1. */
  readonly seq: number
  /** JSON of an object, without its number. */
  readonly body: string
}

export interface NewClientMessage {
  readonly to: ClientAddress
  readonly body: string
  /** Microseconds since the epoch; after this nobody needs it any more. */
  readonly expiresAt: number
}

/** Where a message was put, and under which number. */
export interface Numbered {
  readonly to: ClientAddress
  readonly seq: number
}

/** What a client's queue holds. */
export interface QueueState {
  /** Number of the last message that there was; 0 where there was none. */
  readonly last: number
  /** Up to here the client has said that it has them. */
  readonly acked: number
  /** Messages that were dropped for want of room since the client was last told so. */
  readonly lost: number
  /** How many channels the client has opened so far: of two, the one with the higher count is the newer. */
  readonly channels: number
}

/** The most that is kept for one client; the oldest are dropped then. */
export interface QueueLimits {
  readonly messages: number
  readonly bytes: number
}

/** A channel that is open on this node. */
export interface OpenedChannel {
  readonly address: ClientAddress
  /** Whom the client's token speaks for. */
  readonly user: string
  /** Of this channel, and of no other one on any node. */
  readonly channel: string
}

/**
 * Messages to clients, numbered without a gap and kept until they are acknowledged or expire, on whichever node they
 * are made and read. A reader that sees a number has seen, or can read, everything below it.
 */
export interface ClientMessageStore {
  /** Numbers the messages and writes them, all or none. */
  putMessages(messages: readonly NewClientMessage[], limits: QueueLimits): Promise<readonly Numbered[]>
  /** Writes a message to every client whose channel is open for this device, on any node that lives. */
  putToOpenChannels(
    device: string,
    body: string,
    expiresAt: number,
    limits: QueueLimits,
  ): Promise<readonly Numbered[]>
  /** Writes a message to every client that was seen on this device since `seenSince`, channel or not. */
  putToDevice(
    device: string,
    body: string,
    times: { readonly seenSince: number; readonly expiresAt: number },
    limits: QueueLimits,
  ): Promise<readonly Numbered[]>
  /** Messages above `after` that have not expired at `now`, in their order, `limit` at most. */
  messagesAfter(
    address: ClientAddress,
    after: number,
    now: number,
    limit: number,
  ): Promise<readonly ClientMessage[]>
  /** The client has everything up to this number: it is not kept any longer. A number out of reach is ignored. */
  acknowledge(address: ClientAddress, upTo: number): Promise<void>
  /**
   * Says that the client is there, and makes its queue where there is none. `lost` is 0 from then on. With a channel,
   * this one is the client's from then on, and no earlier one.
   */
  greet(who: Omit<OpenedChannel, 'channel'>, now: number, channel: string | null): Promise<QueueState>
  /** The channel is open no more; one that has replaced it stays. */
  closeChannel(address: ClientAddress, channel: string, now: number): Promise<void>
  /**
   * When the client was last seen, in microseconds since the epoch; null while it has a channel on a node that lives,
   * and 0 where nothing is known of it.
   */
  awaySince(address: ClientAddress): Promise<number | null>
  /** Deletes messages that expired before `now` and queues of clients that were not seen since `seenBefore`. */
  dropOldMessages(now: number, seenBefore: number): Promise<void>
}
