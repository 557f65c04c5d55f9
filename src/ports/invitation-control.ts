import type { ConnectionData, Initiator, Invitation, InvitedDevice } from './invitations.js'

/**
 * What initiators and invited devices may do to an invitation, on any node. The caller of these methods has proven who
 * it is: an initiator by its client token, a device by its invitation token or as the device's client. All reject with
 * StoreUnavailable.
 */
export interface InvitationControl {
  /** Tells every device of the endpoints; where there is none, the invitation is `unreachable` at once. */
  create(initiator: Initiator, draft: InvitationDraft): Promise<InitiatorView | InvitationRefusal>
  /** For the client that made it. */
  view(id: string, client: string): Promise<InitiatorView | InvitationRefusal>
  /** For a device that is invited. */
  viewAsDevice(id: string, deviceId: string): Promise<DeviceView | InvitationRefusal>
  /** The same accept once more gets the same answer. */
  accept(id: string, deviceId: string, connection: ConnectionData): Promise<DeviceView | InvitationRefusal>
  /** Also takes an accept back that the initiator has not connected to. */
  decline(id: string, deviceId: string, reason: string | null): Promise<DeviceView | InvitationRefusal>
  /** Names the devices, of those that accepted, that the initiator connects to; the others are told that it is over. */
  connect(id: string, client: string, devices: readonly string[]): Promise<InitiatorView | InvitationRefusal>
  cancel(id: string, client: string): Promise<InitiatorView | InvitationRefusal>
}

export interface InvitationDraft {
  /** Names of users. */
  readonly endpoints: readonly string[]
  readonly connection: ConnectionData
  readonly note: string | null
  /** Seconds from now. */
  readonly expiresIn: number
}

export interface InitiatorView extends Pick<
  Invitation,
  'id' | 'endpoints' | 'note' | 'createdAt' | 'expiresAt' | 'phase'
> {
  readonly kind: 'initiator'
  /** How many devices were told. */
  readonly invited: number
  /** Those that have answered, and those that could not be told. */
  readonly devices: readonly InvitedDevice[]
}

export interface DeviceView extends Pick<Invitation, 'id' | 'note' | 'createdAt' | 'expiresAt' | 'phase'> {
  readonly kind: 'device'
  /** User of the initiator. */
  readonly from: string
  readonly connection: ConnectionData
  /** Of the device that asks. */
  readonly state: InvitedDevice['state']
}

export interface InvitationRefusal {
  readonly kind: 'refused'
  readonly why: InvitationRefusalReason
  readonly detail: string
}

export type InvitationRefusalReason =
  /** There is no such invitation, or it is not known any more. */
  | 'not-found'
  /** It is not this client's, or not for this device. */
  | 'foreign'
  /** It is over; the view says how. */
  | 'over'
  /** This device has answered already, in another way. */
  | 'already-answered'
  /** A device to connect to has not accepted. */
  | 'not-accepted'
  /** Connection data or note are too large. */
  | 'too-large'
  /** The client has too many open, or this one would go to too many devices. */
  | 'too-many'
