import { inSeconds } from './expiry.js'
import type { Final } from '../ports/signaling.js'

/** A REGISTER that changes nothing. */
export interface Refusal {
  readonly kind: 'refused'
  readonly response: Final
  /** For the log. */
  readonly why: string
  /** Every phone is refused so now and then: a challenge. */
  readonly routine: boolean
}

/** `phrase` is what the other side reads; `why` is for the log, where it can say more. */
export function refuse(
  status: number,
  phrase: string,
  more: { readonly headers?: Final['headers']; readonly why?: string; readonly routine?: boolean } = {},
): Refusal {
  const headers = more.headers ? { headers: more.headers } : {}
  return {
    kind: 'refused',
    response: { status, phrase, ...headers },
    why: more.why ?? phrase,
    routine: more.routine ?? false,
  }
}

/** `ms`: how long it is to wait before it asks again. */
export function tryLater(why: string, ms: number): Refusal {
  return refuse(503, 'Service Unavailable', { headers: [['Retry-After', String(inSeconds(ms))]], why })
}
