import type { CallView } from '../../ports/call-control.js'
import type { DeviceView, InitiatorView } from '../../ports/invitation-control.js'
import type { Presence, PresenceState } from '../../ports/presence.js'
import type { ConnectionData, InvitationPhase, InvitedDevice } from '../../ports/invitations.js'

/** How a call stands after what was done to it. */
export interface CallState {
  readonly id: string
  readonly state: CallView['state']
}

export function callState(view: CallView): CallState {
  return { id: view.callId, state: view.state }
}

/** An invitation as its initiator or an invited device sees it. Times: ISO 8601. */
export type InvitationJson = InitiatedJson | InvitedJson

interface CommonJson {
  readonly id: string
  readonly state: InvitationPhase
  readonly createdAt: string
  readonly expiresAt: string
  readonly note?: string
}

export interface InitiatedJson extends CommonJson {
  readonly endpoints: { readonly user: string }[]
  /** How many devices were told. */
  readonly invited: number
  /** Those that have answered, and those that could not be told. */
  readonly devices: InvitedDevice[]
}

export interface InvitedJson extends CommonJson {
  /** User of the initiator. */
  readonly initiator: string
  readonly connection: ConnectionData
  readonly device: { readonly state: InvitedDevice['state'] }
}

export function invitationJson(view: InitiatorView): InitiatedJson
export function invitationJson(view: DeviceView): InvitedJson
export function invitationJson(view: InitiatorView | DeviceView): InvitationJson
export function invitationJson(view: InitiatorView | DeviceView): InvitationJson {
  const common = {
    id: view.id,
    state: view.phase,
    createdAt: iso(view.createdAt),
    expiresAt: iso(view.expiresAt),
    ...(view.note === null ? {} : { note: view.note }),
  }
  if (view.kind === 'device') {
    return { ...common, initiator: view.from, connection: view.connection, device: { state: view.state } }
  }
  return {
    ...common,
    endpoints: view.endpoints.map((user) => ({ user })),
    invited: view.invited,
    devices: [...view.devices],
  }
}

/** How it stands with a user, as readers see it. Times: ISO 8601. */
export interface PresenceJson {
  readonly user: string
  readonly state: PresenceState
  readonly set: boolean
  readonly note?: string
  readonly since?: string
  readonly version: number
  readonly registered: boolean
  readonly wakeable: boolean
  readonly inCall: boolean
}

export function presenceJson({ note, since, ...rest }: Presence): PresenceJson {
  return {
    ...rest,
    ...(note === null ? {} : { note }),
    ...(since === null ? {} : { since: iso(since) }),
  }
}

/** @param micros since the epoch */
function iso(micros: number): string {
  return new Date(micros / 1000).toISOString()
}
