import type { Final, Headers } from '../ports/signaling.js'
import type { CallingRefusal, CallingRefusalReason } from '../ports/client-calls.js'

/**
 * The answer to an INVITE that is refused. Limits are 486 and 480, and not 503: to a 503 a client goes on with another
 * server (RFC 3261 §21.5.4), whose count is another.
 */
const ANSWERS: Record<CallingRefusalReason, readonly [status: number, phrase: string]> = {
  'grant-missing': [403, 'Grant outgoing Missing'],
  'foreign-name': [403, 'Not Your Name'],
  'destination-unknown': [404, 'Not Found'],
  'destination-not-allowed': [403, 'Destination Not Allowed'],
  'destination-blocked': [403, 'Destination Blocked'],
  'caller-id-not-allowed': [403, 'Caller ID Not Allowed'],
  'too-many-calls': [486, 'Too Many Calls'],
  'too-many-attempts': [480, 'Too Many Attempts'],
  unavailable: [503, 'Service Unavailable'],
}

export function refuse(why: CallingRefusalReason, detail: string, retryAfterMs?: number): CallingRefusal {
  return { kind: 'refused', why, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** @param scopeMissing challenge of a Bearer scheme that says which grant is missing (RFC 6750 §3.1) */
export function finalOf({ why, retryAfterMs }: CallingRefusal, scopeMissing: string): Final {
  const [status, phrase] = ANSWERS[why]
  const headers: Headers = [
    ...(retryAfterMs === undefined
      ? []
      : [['Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))] as const]),
    ...(why === 'grant-missing' ? [['WWW-Authenticate', scopeMissing] as const] : []),
  ]
  return { status, phrase, headers }
}
