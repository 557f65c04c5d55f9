import type { DialTarget } from '../call/destination.js'
import type { AttemptId } from '../call/ids.js'
import type { MediaTransport } from '../ports/media.js'
import type { SipRequest } from '../ports/signaling.js'
import type { Binding } from '../ports/store.js'
import { flowUri } from '../registrar/flow.js'
import type { Trunk } from '../routing/table.js'
import { type CallerIdentity, fromHeader } from './caller-identity.js'
import type { DialOrder } from './dialled-leg.js'
import type { Diverted } from './diversion.js'
import { inviteHeaders } from './invite-headers.js'
import type { CallSettings } from './services.js'

export interface DialContext {
  readonly callId: string
  readonly sipCallId: string
  readonly called: string
  /** URI of the target that the call is at: the number or user that was called, or a no-answer target. */
  readonly targetUri: string
  readonly identity: CallerIdentity
  readonly invite: SipRequest
  readonly trusted: boolean
  readonly asserted: string | null
  readonly diverted: readonly Diverted[]
  readonly settings: CallSettings
  readonly target: DialTarget
  /** Of a contact. */
  readonly binding: Binding | undefined
  /** Of a destination outside. */
  readonly trunk: Trunk | undefined
}

/**
 * Call-ID of every INVITE to a destination of a call, and the one that its push names: an app shows one call and not
 * two, whichever INVITE reaches it. Two that are under way at once differ in their From tags.
 */
export function callIdOf(callId: string, attempt: AttemptId): string {
  return `${callId}.${attempt}`
}

/** Everything of an INVITE of ours but its SDP. */
export function dialOrder(context: DialContext): DialOrder {
  const { target, binding, trunk, settings } = context
  const uri = target.kind === 'contact' ? target.contact.uri : target.uri
  // A phone is shown whom the caller called (RFC 3261 §8.1.1.2); its history, where the call went (RFC 7044 §9.2).
  const to = target.kind === 'contact' ? `sip:${context.called}@${settings.domain}` : uri
  const headers = inviteHeaders({
    staysTrusted: trunk?.trusted ?? false,
    ...context,
    target: target.kind === 'contact' ? context.targetUri : uri,
  })
  const proxy = binding === undefined ? trunk?.proxy : flowUri(binding.source)
  return {
    uri,
    ...(proxy == null ? {} : { proxy }),
    ...(binding === undefined ? {} : { gateway: binding.gateway }),
    ...(trunk?.credentials == null ? {} : { credentials: trunk.credentials }),
    callId: context.sipCallId,
    from: fromHeader(context.identity, settings.domain),
    to: `<${to}>`,
    headers,
    transport: mediaTransport(binding),
  }
}

/** A phone on a WebSocket is a browser as a rule (RFC 7118), and takes WebRTC alone; all others take plain RTP. */
function mediaTransport(binding: Binding | undefined): MediaTransport {
  return /^wss?$/i.test(binding?.source.protocol ?? '') ? 'webrtc' : 'rtp'
}
