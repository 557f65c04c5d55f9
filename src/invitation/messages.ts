import type { Expiry, ToldInitiator, ToldInvited } from '../ports/invitation-messages.js'
import type { Invitation } from '../ports/invitations.js'
import { deviceOf, type InvitationEffect } from './invitation.js'

/** What the initiator is told of an effect; undefined where it is none of its business. */
export function forInitiator(invitation: Invitation, effect: InvitationEffect): ToldInitiator | undefined {
  switch (effect.type) {
    case 'pass-accept': {
      const device = deviceOf(invitation, effect.device)
      if (device?.state !== 'accepted') return undefined
      const { id, user, connection } = device
      return { type: 'invitation-accepted', invitation: invitation.id, device: id, user, connection }
    }
    case 'pass-decline': {
      const device = deviceOf(invitation, effect.device)
      if (device?.state !== 'declined') return undefined
      const { id, user, reason } = device
      return {
        ...{ type: 'invitation-declined', invitation: invitation.id, device: id, user },
        ...(reason === null ? {} : { reason }),
      }
    }
    case 'tell-initiator-ended':
      return { type: 'invitation-ended', invitation: invitation.id, why: effect.why }
    case 'invite':
    case 'stop-inviting':
    case 'tell-connected':
    case 'tell-ended':
      return undefined
    default:
      return effect satisfies never
  }
}

/** What an invited device gets. `token` opens the invitation for it. */
export function forInvited(
  { id, initiator, connection, note, expiresAt }: Invitation,
  token: string,
): ToldInvited {
  return {
    ...{ type: 'invitation', invitation: id, token, initiator: initiator.user, connection },
    ...(note === null ? {} : { note }),
    ...expiry(expiresAt),
  }
}

/**
 * Bytes of a push's own keys and values that every push service takes: FCM has 4096 for all of them, and counts what
 * the adapter adds.
 */
const PUSH_ROOM = 3500

/** The same as a push carries it: connection data that is too large for it is fetched by the token. */
export function pushOfInvitation(
  message: Extract<ToldInvited, { type: 'invitation' }>,
  api: string,
): Readonly<Record<string, unknown>> {
  // The adapters add the kind and the expiry.
  const { type: _type, expiresAt: _at, expiresAtMs: _ms, connection, ...rest } = message
  const whole = { ...rest, api, connection }
  if (bytesOf(whole) <= PUSH_ROOM) return whole
  return { ...rest, api, connectionUrl: `${api}/v1/invitations/${message.invitation}` }
}

/** As FCM carries it: every value is a text. */
function bytesOf(payload: Readonly<Record<string, unknown>>): number {
  return Object.entries(payload).reduce((sum, [key, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return sum + Buffer.byteLength(key) + Buffer.byteLength(JSON.stringify(text))
  }, 0)
}

function expiry(micros: number): Expiry {
  const at = new Date(micros / 1000)
  return { expiresAt: at.toISOString(), expiresAtMs: at.getTime() }
}
