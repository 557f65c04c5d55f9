import type { PushMessage } from '../../ports/push.js'

/** FCM's `Message`, as far as it is used. */
export interface FcmMessage {
  readonly token: string
  readonly data: Readonly<Record<string, string>>
  readonly android: {
    readonly priority: 'HIGH'
    /** Seconds and "s". */
    readonly ttl: string
    readonly collapse_key?: string
  }
}

/** The most that FCM takes, keys and values of the data together, bytes. */
const MAX_DATA = 4096

/** FCM keeps nothing for longer: four weeks, s. */
const MAX_TTL = 2_419_200

/** Keys that FCM keeps for itself in a data message; it would refuse the whole push for one. */
const RESERVED = /^(from$|message_type$|google|gcm)/

/**
 * A data message, since only those reach an app that sleeps: `{kind, expiresAt, expiresAtMs, …payload}`, where
 * every value is a string, as FCM wants it: text as it is, the rest as JSON.
 *
 * @param now milliseconds since the epoch
 */
export function messageOf(message: PushMessage, now: number): FcmMessage | { readonly problem: string } {
  if (message.device.token === '') return { problem: 'malformed pn-prid: no registration token' }
  const reserved = Object.keys(message.payload).find((key) => RESERVED.test(key))
  if (reserved !== undefined) return { problem: `FCM keeps the payload's key "${reserved}" for itself` }
  const expires = new Date(message.expiresAt / 1000)
  const data = {
    ...asStrings(message.payload),
    kind: message.kind,
    expiresAt: expires.toISOString(),
    expiresAtMs: String(expires.getTime()),
  }
  const size = sizeOf(data)
  if (size > MAX_DATA) return { problem: `the payload has ${size} bytes; FCM takes ${MAX_DATA}` }
  return {
    token: message.device.token,
    data,
    android: {
      priority: 'HIGH',
      ttl: `${Math.min(MAX_TTL, Math.max(0, Math.floor((expires.getTime() - now) / 1000)))}s`,
      ...(message.collapseKey === undefined ? {} : { collapse_key: message.collapseKey }),
    },
  }
}

function sizeOf(data: Readonly<Record<string, string>>): number {
  return Object.entries(data).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
}

function asStrings(payload: PushMessage['payload']): Record<string, string> {
  const entries = Object.entries(payload).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}
