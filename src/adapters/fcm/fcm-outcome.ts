import type { PushOutcome } from '../../ports/push.js'

/** What is known of a push that firebase-admin rejected. */
export interface FcmFailure {
  /** firebase-admin's code, such as `messaging/invalid-argument`. */
  readonly code: string
  readonly message: string
  /** What FCM answered, if it did. */
  readonly status: number | undefined
  readonly retryAfter: string | undefined
  /** There was no access token to push with; `atFault`: because the account was refused. */
  readonly token: { readonly atFault: boolean; readonly message: string } | undefined
}

const GONE: ReadonlySet<string> = new Set([
  'messaging/registration-token-not-registered',
  'messaging/invalid-registration-token',
])

const RETRY: ReadonlySet<string> = new Set([
  'app/network-error',
  'app/network-timeout',
  'messaging/device-message-rate-exceeded',
  'messaging/internal-error',
  'messaging/message-rate-exceeded',
  'messaging/server-unavailable',
])

/** `now`: milliseconds since the epoch. */
export function outcomeOf(failure: FcmFailure, now: number): PushOutcome {
  const { code, status, token } = failure
  if (code === 'app/invalid-credential' && token !== undefined)
    return { kind: token.atFault ? 'refused' : 'retry', detail: `FCM: ${token.message}` }
  const detail = `FCM${status === undefined ? '' : ` answered ${status}`}: ${code}: ${failure.message}`
  if (GONE.has(code) || namesTheToken(failure)) return { kind: 'gone', detail }
  if (RETRY.has(code) || status === 429 || (status !== undefined && status >= 500)) {
    const afterMs = retryAfterMs(failure.retryAfter, now)
    return { kind: 'retry', detail, ...(afterMs === undefined ? {} : { afterMs }) }
  }
  return { kind: 'refused', detail }
}

/** HTTP v1 has no error code of its own for a token that is none: only the text tells it from a bad message. */
function namesTheToken({ code, message }: FcmFailure): boolean {
  return code === 'messaging/invalid-argument' && /registration token/i.test(message)
}

/** RFC 9110 §10.2.3: seconds, or an HTTP date. */
function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
