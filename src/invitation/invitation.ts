import { isDeepStrictEqual } from 'node:util'
import type { InvitedEnd } from '../ports/invitation-messages.js'
import type { InvitationRefusalReason } from '../ports/invitation-control.js'
import type { ConnectionData, Invitation, InvitationPhase, InvitedDevice } from '../ports/invitations.js'

/** What happens to an invitation. */
export type InvitationEvent =
  | { readonly type: 'accept'; readonly device: string; readonly connection: ConnectionData }
  | { readonly type: 'decline'; readonly device: string; readonly reason: string | null }
  /** Neither channel nor push service took the invitation. */
  | { readonly type: 'unreachable'; readonly device: string; readonly detail: string }
  /** The initiator names whom it connects to. */
  | { readonly type: 'connect'; readonly devices: readonly string[] }
  | { readonly type: 'cancel' }
  | { readonly type: 'expire' }

/** What is to be done about it. */
export type InvitationEffect =
  | { readonly type: 'invite'; readonly device: string }
  | { readonly type: 'tell-connected'; readonly device: string }
  | { readonly type: 'tell-ended'; readonly device: string; readonly why: InvitedEnd }
  /** It needs no pushing any more: it has answered. */
  | { readonly type: 'stop-inviting'; readonly device: string }
  | { readonly type: 'pass-accept'; readonly device: string }
  | { readonly type: 'pass-decline'; readonly device: string }
  | { readonly type: 'tell-initiator-ended'; readonly why: 'expired' | 'declined' | 'unreachable' }

export interface Step {
  readonly invitation: Invitation
  readonly effects: readonly InvitationEffect[]
}

export interface Refusal {
  readonly refused: InvitationRefusalReason
  readonly detail: string
}

/** An invitation begins: each device is told. Without a device it is over at once. */
export function begin(invitation: Invitation): Step {
  const effects = invitation.devices.map(({ id }): InvitationEffect => ({ type: 'invite', device: id }))
  return endIfExhausted({ invitation, effects })
}

/** Total over phase and event. Where nothing changes the invitation is the same object. */
export function transition(invitation: Invitation, event: InvitationEvent): Step | Refusal {
  switch (invitation.phase) {
    case 'open':
      return whileOpen(invitation, event)
    case 'connected':
    case 'cancelled':
    case 'expired':
    case 'declined':
    case 'unreachable':
      return afterTheEnd(invitation, event)
    default:
      return invitation.phase satisfies never
  }
}

function whileOpen(invitation: Invitation, event: InvitationEvent): Step | Refusal {
  switch (event.type) {
    case 'accept':
      return accept(invitation, event.device, event.connection)
    case 'decline':
      return decline(invitation, event.device, event.reason)
    case 'unreachable': {
      const { device, detail } = event
      if (stateOf(invitation, device) !== 'invited') return stay(invitation)
      return endIfExhausted(stay(setDevice(invitation, device, { state: 'unreachable', detail })))
    }
    case 'connect':
      return connect(invitation, event.devices)
    case 'cancel':
      return end(invitation, 'cancelled', 'cancelled')
    case 'expire': {
      const { invitation: expired, effects } = end(invitation, 'expired', 'expired')
      return step(expired, ...effects, { type: 'tell-initiator-ended', why: 'expired' })
    }
    default:
      return event satisfies never
  }
}

/** What was done already may be asked for once more, as HTTP clients do; everything else comes too late. */
function afterTheEnd(invitation: Invitation, event: InvitationEvent): Step | Refusal {
  switch (event.type) {
    case 'accept':
      return knows(invitation, event.device) && hasAccepted(invitation, event.device, event.connection)
        ? stay(invitation)
        : tooLate(invitation, event.device)
    case 'decline':
      return stateOf(invitation, event.device) === 'declined'
        ? stay(invitation)
        : tooLate(invitation, event.device)
    case 'connect': {
      const connected = invitation.devices.filter(({ state }) => state === 'connected').map(({ id }) => id)
      const same = connected.length === new Set(event.devices).size
      return same && connected.every((id) => event.devices.includes(id)) ? stay(invitation) : over(invitation)
    }
    case 'cancel':
      return invitation.phase === 'cancelled' ? stay(invitation) : over(invitation)
    case 'unreachable':
    case 'expire':
      return stay(invitation)
    default:
      return event satisfies never
  }
}

function accept(invitation: Invitation, device: string, connection: ConnectionData): Step | Refusal {
  const state = stateOf(invitation, device)
  switch (state) {
    case undefined:
      return foreign()
    case 'invited':
    case 'unreachable':
      return step(
        setDevice(invitation, device, { state: 'accepted', connection }),
        { type: 'stop-inviting', device },
        { type: 'pass-accept', device },
      )
    case 'accepted':
      return hasAccepted(invitation, device, connection) ? stay(invitation) : answered(state)
    case 'declined':
    case 'connected':
    case 'ended':
      return answered(state)
    default:
      return state satisfies never
  }
}

function decline(invitation: Invitation, device: string, reason: string | null): Step | Refusal {
  const state = stateOf(invitation, device)
  switch (state) {
    case undefined:
      return foreign()
    case 'invited':
    case 'unreachable':
    case 'accepted':
      return endIfExhausted(
        step(
          setDevice(invitation, device, { state: 'declined', reason }),
          { type: 'stop-inviting', device },
          { type: 'pass-decline', device },
        ),
      )
    case 'declined':
      return stay(invitation)
    case 'connected':
    case 'ended':
      return answered(state)
    default:
      return state satisfies never
  }
}

function connect(invitation: Invitation, devices: readonly string[]): Step | Refusal {
  const missing = devices.find((device) => stateOf(invitation, device) !== 'accepted')
  if (missing !== undefined || devices.length === 0) {
    return { refused: 'not-accepted', detail: `Device ${missing ?? '(none)'} has not accepted.` }
  }
  const chosen = invitation.devices.reduce<Invitation>(
    (sofar, device) =>
      device.state === 'accepted' && devices.includes(device.id)
        ? setDevice(sofar, device.id, { state: 'connected', connection: device.connection })
        : sofar,
    invitation,
  )
  const told = [...new Set(devices)].map((device): InvitationEffect => ({ type: 'tell-connected', device }))
  const { invitation: ended, effects } = end(chosen, 'connected', 'elsewhere')
  return step(ended, ...told, ...effects)
}

/** Nobody is left who could accept. */
function endIfExhausted({ invitation, effects }: Step): Step {
  const states = invitation.devices.map(({ state }) => state)
  if (states.some((state) => state === 'invited' || state === 'accepted')) return { invitation, effects }
  const why = states.includes('declined') ? 'declined' : 'unreachable'
  return step({ ...invitation, phase: why }, ...effects, { type: 'tell-initiator-ended', why })
}

/** Those that wait for the initiator's word get it. */
function end(invitation: Invitation, phase: Exclude<InvitationPhase, 'open'>, why: InvitedEnd): Step {
  const waiting = invitation.devices.filter(({ state }) => state === 'invited' || state === 'accepted')
  const ended = waiting.reduce((sofar, { id }) => setDevice(sofar, id, { state: 'ended' }), invitation)
  const effects = waiting.map(({ id }): InvitationEffect => ({ type: 'tell-ended', device: id, why }))
  return { invitation: { ...ended, phase }, effects }
}

function stay(invitation: Invitation): Step {
  return { invitation, effects: [] }
}

function step(invitation: Invitation, ...effects: InvitationEffect[]): Step {
  return { invitation, effects }
}

function foreign(): Refusal {
  return { refused: 'foreign', detail: 'The invitation is not for this device.' }
}

function answered(state: InvitedDevice['state']): Refusal {
  return { refused: 'already-answered', detail: `The device has answered already: ${state}.` }
}

function over({ phase }: Invitation): Refusal {
  return { refused: 'over', detail: `The invitation is over: ${phase}.` }
}

function tooLate(invitation: Invitation, device: string): Refusal {
  return knows(invitation, device) ? over(invitation) : foreign()
}

function knows(invitation: Invitation, device: string): boolean {
  return stateOf(invitation, device) !== undefined
}

export function deviceOf(invitation: Invitation, device: string): InvitedDevice | undefined {
  return invitation.devices.find(({ id }) => id === device)
}

function stateOf(invitation: Invitation, device: string): InvitedDevice['state'] | undefined {
  return deviceOf(invitation, device)?.state
}

function hasAccepted(invitation: Invitation, device: string, connection: ConnectionData): boolean {
  const found = deviceOf(invitation, device)
  return (
    (found?.state === 'accepted' || found?.state === 'connected') &&
    isDeepStrictEqual(found.connection, connection)
  )
}

type DeviceAnswer = InvitedDevice extends infer D
  ? D extends InvitedDevice
    ? Omit<D, 'id' | 'user'>
    : never
  : never

function setDevice(invitation: Invitation, id: string, answer: DeviceAnswer): Invitation {
  const devices = invitation.devices.map((device) =>
    device.id === id ? { id, user: device.user, ...answer } : device,
  )
  return { ...invitation, devices }
}
