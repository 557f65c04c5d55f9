import { callIdOf, cseqOf, tagOf, type SipMessage, type SipRequest } from './message.js'
import { topVia } from './via.js'

/** Responses to client transactions: RFC 3261 §17.1.3. */
export function clientKey(message: SipMessage): string {
  return `${topVia(message)?.branch ?? ''}|${cseqOf(message).method}`
}

/** Requests to server transactions: §17.2.3; the ACK of a failure belongs to its INVITE. */
export function serverKey(request: SipRequest): string {
  return `${viaKey(request)}|${request.method === 'ACK' ? 'INVITE' : request.method}`
}

/** The INVITE that a CANCEL means: §9.2. */
export function cancelledKey(cancel: SipRequest): string {
  return `${viaKey(cancel)}|INVITE`
}

/** The ACK of a 2xx has a branch of its own: dialog and sequence number tell its INVITE (§13.2.2.4). */
export function acceptedKey(request: SipRequest): string {
  return `${callIdOf(request)}|${tagOf(request, 'From') ?? ''}|${cseqOf(request).number}`
}

function viaKey(request: SipRequest): string {
  const via = topVia(request)
  return `${via?.branch ?? ''}|${via?.host ?? ''}:${via?.port ?? ''}`
}
