import type { PushOutcome } from '../../ports/push.js'
import type { ApnsAnswer } from './apns-session.js'

/** Reasons by which APNs says that the token will never work again. */
const GONE: ReadonlySet<string> = new Set(['BadDeviceToken', 'Unregistered', 'ExpiredToken'])

/** Reasons of a 4xx that another attempt can mend: on a new connection, or with a new provider token. */
const PASSING: ReadonlySet<string> = new Set(['IdleTimeout', 'ExpiredProviderToken'])

export function outcomeOf(answer: ApnsAnswer): PushOutcome {
  if (answer.kind === 'lost') return { kind: 'retry', detail: `APNs: ${answer.detail}` }
  const { status, reason = 'no reason given', id, retryAfter } = answer
  if (status === 200) return { kind: 'delivered', ...(id === undefined ? {} : { id }) }
  const detail = `APNs answered ${status}: ${reason}`
  if (status === 410 || GONE.has(reason)) return { kind: 'gone', detail }
  if (status === 429 || status >= 500 || PASSING.has(reason)) {
    return { kind: 'retry', detail, ...afterMs(retryAfter) }
  }
  return { kind: 'refused', detail }
}

/** Apple documents no Retry-After; where one comes all the same, it is heeded if it is a number of seconds. */
function afterMs(retryAfter: string | undefined): { readonly afterMs?: number } {
  return retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter)
    ? { afterMs: Number(retryAfter) * 1000 }
    : {}
}
