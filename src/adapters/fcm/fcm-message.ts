import type { TokenMessage } from 'firebase-admin/messaging'
import type { PushMessage } from '../../ports/push.js'

/** Keys that FCM keeps for itself in a data message; it would refuse the whole push for one. */
const RESERVED = /^(from$|message_type$|google|gcm)/

/**
 * A data message, since only those reach an app that sleeps: `{kind, expiresAt, expiresAtMs, …payload}`, where
 * every value is a string, as FCM wants it: text as it is, the rest as JSON.
 *
 * @param now milliseconds since the epoch
 */
export function messageOf(message: PushMessage, now: number): TokenMessage | { readonly problem: string } {
  const reserved = Object.keys(message.payload).find((key) => RESERVED.test(key))
  if (reserved !== undefined) return { problem: `FCM keeps the payload's key "${reserved}" for itself` }
  const expires = new Date(message.expiresAt / 1000)
  return {
    token: message.device.token,
    data: {
      ...asStrings(message.payload),
      kind: message.kind,
      expiresAt: expires.toISOString(),
      expiresAtMs: String(expires.getTime()),
    },
    android: {
      priority: 'high',
      ttl: Math.max(0, Math.floor(expires.getTime() - now)),
      ...(message.collapseKey === undefined ? {} : { collapseKey: message.collapseKey }),
    },
  }
}

function asStrings(payload: PushMessage['payload']): Record<string, string> {
  const entries = Object.entries(payload).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}
