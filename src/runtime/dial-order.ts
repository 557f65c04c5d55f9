import type { DialTarget } from '../call/destination.js'
import type { AttemptId } from '../call/ids.js'
import type { SipRequest } from '../ports/signaling.js'
import type { Binding } from '../ports/store.js'
import { flowUri } from '../registrar/flow.js'
import type { Trunk } from '../routing/table.js'
import { type CallerIdentity, fromHeader } from './caller-identity.js'
import type { DialOrder } from './device-side.js'
import type { Diverted } from './diversion.js'
import { inviteHeaders } from './invite-headers.js'
import type { CallSettings } from './services.js'

export interface DialContext {
  readonly callId: string
  readonly sipCallId: string
  readonly called: string
  readonly identity: CallerIdentity
  readonly invite: SipRequest
  readonly trusted: boolean
  readonly diverted: readonly Diverted[]
  readonly settings: CallSettings
  readonly target: DialTarget
  /** Of a contact. */
  readonly binding: Binding | undefined
  /** Of a destination outside. */
  readonly trunk: Trunk | undefined
}

/**
 * Call-ID of the INVITE to a destination of a call: the push carries the one of the first dial, so that an app shows
 * one call and not two. A dial that replaces another needs a name of its own.
 */
export function callIdOf(callId: string, attempt: AttemptId, nth: number): string {
  return nth === 0 ? `${callId}.${attempt}` : `${callId}.${attempt}.${nth}`
}

/** Everything of an INVITE of ours but its SDP. */
export function dialOrder(context: DialContext): DialOrder {
  const { target, binding, trunk, settings } = context
  const uri = target.kind === 'contact' ? target.contact.uri : target.uri
  const shown = target.kind === 'contact' ? `sip:${context.called}@${settings.domain}` : uri
  const headers = inviteHeaders({ ...context, target: shown, staysTrusted: trunk?.trusted ?? false })
  const proxy = binding === undefined ? trunk?.proxy : flowUri(binding.source)
  return {
    uri,
    ...(proxy == null ? {} : { proxy }),
    ...(binding === undefined ? {} : { gateway: binding.gateway }),
    ...(trunk?.credentials == null ? {} : { credentials: trunk.credentials }),
    callId: context.sipCallId,
    from: fromHeader(context.identity, settings.domain),
    to: `<${shown}>`,
    headers,
  }
}
