import type {
  DeviceView,
  InitiatorView,
  InvitationRefusal,
  InvitationRefusalReason,
} from '../ports/invitation-control.js'
import type { Invitation } from '../ports/invitations.js'
import { deviceOf, type Refusal } from './invitation.js'

export function initiatorView(invitation: Invitation): InitiatorView {
  const { id, endpoints, note, createdAt, expiresAt, phase, devices } = invitation
  return {
    kind: 'initiator',
    ...{ id, endpoints, note, createdAt, expiresAt, phase },
    invited: devices.length,
    devices: devices.filter(({ state }) => state !== 'invited' && state !== 'ended'),
  }
}

export function deviceView(invitation: Invitation, deviceId: string): DeviceView | InvitationRefusal {
  const device = deviceOf(invitation, deviceId)
  if (device === undefined) return refused('foreign', 'The invitation is not for this device.')
  const { id, initiator, connection, note, createdAt, expiresAt, phase } = invitation
  return {
    kind: 'device',
    ...{ id, connection, note, createdAt, expiresAt, phase },
    from: initiator.user,
    state: device.state,
  }
}

export function ownedBy({ initiator }: Invitation, client: string): InvitationRefusal | null {
  return initiator.client === client ? null : refused('foreign', 'The invitation is another client’s.')
}

export function refused(why: InvitationRefusalReason, detail: string): InvitationRefusal {
  return { kind: 'refused', why, detail }
}

export function refusalOf({ refused: why, detail }: Refusal): InvitationRefusal {
  return refused(why, detail)
}

export function notFound(id: string): InvitationRefusal {
  return refused('not-found', `There is no invitation ${id}.`)
}
