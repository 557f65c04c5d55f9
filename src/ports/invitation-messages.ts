import type { ConnectionData, InvitationPhase } from './invitations.js'

/** Until when a message is of use: ISO 8601, and milliseconds since the epoch. */
export interface Expiry {
  readonly expiresAt: string
  readonly expiresAtMs: number
}

/** To a device that is invited. */
export type ToldInvited =
  | ({
      readonly type: 'invitation'
      readonly invitation: string
      /** Opens this invitation for this device. */
      readonly token: string
      /** User of the initiator. */
      readonly initiator: string
      readonly connection: ConnectionData
      readonly note?: string
    } & Expiry)
  /** The initiator connects to this device. */
  | { readonly type: 'invitation-connected'; readonly invitation: string }
  | { readonly type: 'invitation-ended'; readonly invitation: string; readonly why: InvitedEnd }

/** `elsewhere`: the initiator has connected to others. */
export type InvitedEnd = 'elsewhere' | 'cancelled' | 'expired'

/** To the initiator of an invitation. */
export type ToldInitiator =
  | {
      readonly type: 'invitation-accepted'
      readonly invitation: string
      readonly device: string
      readonly user: string
      readonly connection: ConnectionData
    }
  | {
      readonly type: 'invitation-declined'
      readonly invitation: string
      readonly device: string
      readonly user: string
      readonly reason?: string
    }
  | {
      readonly type: 'invitation-ended'
      readonly invitation: string
      readonly why: Exclude<InvitationPhase, 'open' | 'connected' | 'cancelled'>
    }
