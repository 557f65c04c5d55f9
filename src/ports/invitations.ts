import type { ClientAddress, NewClientMessage, Numbered, QueueLimits } from './client-messages.js'

/** Whatever the two sides tell each other to connect: passed on as it is, and never looked into. */
export type ConnectionData =
  string | number | boolean | null | readonly unknown[] | { readonly [key: string]: unknown }

/** An invitation to connect peer to peer. Times: microseconds since the epoch. */
export interface Invitation {
  readonly id: string
  readonly initiator: Initiator
  /** The users that are invited, by name. */
  readonly endpoints: readonly string[]
  readonly connection: ConnectionData
  readonly note: string | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly phase: InvitationPhase
  readonly devices: readonly InvitedDevice[]
}

export interface Initiator extends ClientAddress {
  readonly user: string
}

/** `open`: it can be accepted. All the others are for ever. */
export type InvitationPhase = 'open' | 'connected' | 'cancelled' | 'expired' | 'declined' | 'unreachable'

export type InvitedDevice = { readonly id: string; readonly user: string } & (
  | { readonly state: 'invited' }
  /** No push service and no channel took the invitation. */
  | { readonly state: 'unreachable'; readonly detail: string }
  | { readonly state: 'accepted'; readonly connection: ConnectionData }
  | { readonly state: 'declined'; readonly reason: string | null }
  /** The initiator connects to it. */
  | { readonly state: 'connected'; readonly connection: ConnectionData }
  /** Told that it is over without it. */
  | { readonly state: 'ended' }
)

/** Invitations, for all nodes: each change is written on the version that it was made from. */
export interface InvitationStore {
  invitation(id: string): Promise<{ readonly invitation: Invitation; readonly version: number } | null>
  /**
   * Writes the invitation and, in the same transaction, the messages that it has for clients.
   *
   * @param version that was read; null where it is new
   * @returns the messages' numbers; null, with nothing written, where another was faster
   */
  putInvitation(
    invitation: Invitation,
    version: number | null,
    messages: readonly NewClientMessage[],
    limits: QueueLimits,
  ): Promise<readonly Numbered[] | null>
  /** How many of this client's are open. */
  countOpenInvitations(client: string): Promise<number>
  /** Ids of those that are open and expired by `now`, the first ones first. */
  dueInvitations(now: number, limit: number): Promise<readonly string[]>
  /** When the next open one expires. */
  nextInvitationExpiry(): Promise<number | null>
  /** Deletes those that expired before this. */
  dropInvitations(expiredBefore: number): Promise<void>
}
