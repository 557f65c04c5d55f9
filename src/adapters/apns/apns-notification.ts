import { createHash } from 'node:crypto'
import type { PushMessage } from '../../ports/push.js'
import type { ApnsTarget } from './apns-target.js'
import type { ApnsRequest } from './apns-session.js'

/** The most that APNs takes for a VoIP push, bytes. */
const MAX_PAYLOAD = 5120
/** The most that it takes for apns-collapse-id, bytes. */
const MAX_COLLAPSE_ID = 64

/**
 * The request for a VoIP push, but for who sends it: the app gets `{…payload, aps: {}, kind, expiresAt, expiresAtMs}`.
 *
 * @returns what is wrong, where APNs would not take it
 */
export function notificationOf(
  message: PushMessage,
  { token, topic }: ApnsTarget,
): ApnsRequest | { readonly problem: string } {
  const expires = new Date(message.expiresAt / 1000)
  const body = JSON.stringify({
    ...message.payload,
    aps: {},
    kind: message.kind,
    expiresAt: expires.toISOString(),
    expiresAtMs: expires.getTime(),
  })
  const size = Buffer.byteLength(body)
  if (size > MAX_PAYLOAD) return { problem: `the payload has ${size} bytes; APNs takes ${MAX_PAYLOAD}` }
  const { collapseKey } = message
  const headers = {
    ':method': 'POST',
    ':path': `/3/device/${token}`,
    'apns-topic': topic,
    'apns-push-type': 'voip',
    // VoIP pushes wake the app at once or are of no use.
    'apns-priority': '10',
    'apns-expiration': String(Math.max(0, Math.floor(expires.getTime() / 1000))),
    ...(collapseKey === undefined ? {} : { 'apns-collapse-id': collapseId(collapseKey) }),
    'content-type': 'application/json',
    'content-length': size,
  }
  return { headers, body }
}

/** Equal keys stay equal, and different ones different, where the key is too long to be one itself. */
function collapseId(key: string): string {
  if (Buffer.byteLength(key) <= MAX_COLLAPSE_ID) return key
  return createHash('sha256').update(key).digest('base64url')
}
