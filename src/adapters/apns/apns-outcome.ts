import type { ResponseFailure } from '@parse/node-apn'
import type { PushOutcome } from '../../ports/push.js'

/** Reasons by which APNs says that the token will never work again. */
const GONE: ReadonlySet<string> = new Set(['BadDeviceToken', 'Unregistered', 'ExpiredToken'])

/**
 * What a failed push means. node-apn reports APNs' own refusals by status and reason, and everything else
 * (connection, TLS, broken stream) by an error, or by the bare fields of one.
 */
export function outcomeOf(failure: ResponseFailure): PushOutcome {
  const { status } = failure
  const reason = failure.response?.reason ?? failure.error?.message ?? codeOf(failure) ?? 'connection lost'
  const detail = status === undefined ? `APNs: ${reason}` : `APNs answered ${status}: ${reason}`
  if (status === 410 || GONE.has(reason)) return { kind: 'gone', detail }
  // The provider token was an hour old; node-apn has made a new one by now.
  if (reason === 'ExpiredProviderToken') return { kind: 'retry', afterMs: 0, detail }
  if (status === undefined || status === 429 || status >= 500) return { kind: 'retry', detail }
  return { kind: 'refused', detail }
}

/** Where a session closes under a request, node-apn spreads the error, and only its code survives. */
function codeOf(failure: ResponseFailure): string | undefined {
  const { code } = failure as ResponseFailure & { readonly code?: unknown }
  return typeof code === 'string' ? code : undefined
}
