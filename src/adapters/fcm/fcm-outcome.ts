import type { PushOutcome } from '../../ports/push.js'
import type { FcmFailure } from './fcm-failure.js'

/**
 * What an answer other than 200 means.
 *
 * @param renewed the access token was refused, and another attempt has a new one
 * @param now milliseconds since the epoch
 */
export function outcomeOf(failure: FcmFailure, renewed: boolean, now: number): PushOutcome {
  const { status, code, message } = failure
  const detail = `FCM answered ${status}${code === '' ? '' : ` ${code}`}: ${message}`
  if (renewed) return { kind: 'retry', afterMs: 0, detail }
  // Not any 404: that of a project that does not exist is no word on the token.
  if (code === 'UNREGISTERED' || namesTheToken(failure)) return { kind: 'gone', detail }
  if (status === 429 || status >= 500) {
    const afterMs = retryAfterMs(failure, now)
    return { kind: 'retry', detail, ...(afterMs === undefined ? {} : { afterMs }) }
  }
  return { kind: 'refused', detail }
}

/** Our access token. FCM answers 401 as well where it has no good key for APNs, which no new token mends. */
export function accessTokenRefused({ status, code }: FcmFailure): boolean {
  return status === 401 && code !== 'THIRD_PARTY_AUTH_ERROR'
}

/** There is no code of its own for a token that is none: the field tells it from a bad message, or only the text. */
function namesTheToken({ code, message, fields }: FcmFailure): boolean {
  return (
    code === 'INVALID_ARGUMENT' && (fields.includes('message.token') || /registration token/i.test(message))
  )
}

/** RFC 9110 §10.2.3: seconds, or an HTTP date, by the clock of who sent it. */
function retryAfterMs({ retryAfter, date }: FcmFailure, now: number): number | undefined {
  if (retryAfter === undefined) return undefined
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1000
  const sentAt = Date.parse(date ?? '')
  const ms = Date.parse(retryAfter) - (Number.isNaN(sentAt) ? now : sentAt)
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
