import { createHash } from 'node:crypto'
import { Notification } from '@parse/node-apn'
import type { PushMessage } from '../../ports/push.js'

/** The most that APNs takes for a VoIP push, bytes. */
const MAX_PAYLOAD = 5120
/** The most that it takes for apns-collapse-id, bytes. */
const MAX_COLLAPSE_ID = 64

/** A VoIP push: the app gets `{aps: {}, kind, expiresAt, expiresAtMs, …payload}`. */
export function notificationOf(
  message: PushMessage,
  topic: string,
): Notification | { readonly problem: string } {
  const expires = new Date(message.expiresAt / 1000)
  const notification = new Notification()
  notification.topic = topic
  notification.pushType = 'voip'
  // VoIP pushes wake the app at once or are of no use.
  notification.priority = 10
  notification.expiry = Math.max(0, Math.floor(expires.getTime() / 1000))
  if (message.collapseKey !== undefined) notification.collapseId = collapseId(message.collapseKey)
  notification.rawPayload = {
    ...message.payload,
    aps: {},
    kind: message.kind,
    expiresAt: expires.toISOString(),
    expiresAtMs: expires.getTime(),
  }
  const size = Buffer.byteLength(JSON.stringify(notification))
  if (size > MAX_PAYLOAD) return { problem: `the payload has ${size} bytes; APNs takes ${MAX_PAYLOAD}` }
  return notification
}

/** Equal keys stay equal, and different ones different, where the key is too long to be one itself. */
function collapseId(key: string): string {
  if (Buffer.byteLength(key) <= MAX_COLLAPSE_ID) return key
  return createHash('sha256').update(key).digest('base64url')
}
