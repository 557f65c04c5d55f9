import { createHash, createHmac } from 'node:crypto'
import type { WriteKeys } from './protection.js'

/** What TLS 1.2 derives from a shared secret, with SHA-256 (RFC 5246 §5, §6.3, §8.1). */

function prf(secret: Uint8Array, label: string, seed: Uint8Array, length: number): Buffer {
  const full = Buffer.concat([Buffer.from(label, 'latin1'), seed])
  const blocks: Buffer[] = []
  let a: Uint8Array = full
  for (let made = 0; made < length; made += 32) {
    a = createHmac('sha256', secret).update(a).digest()
    blocks.push(createHmac('sha256', secret).update(a).update(full).digest())
  }
  return Buffer.concat(blocks).subarray(0, length)
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** Bound to the whole handshake so far, so that no two sessions share it (RFC 7627 §4). */
export function extendedMasterSecret(shared: Uint8Array, transcript: Uint8Array): Buffer {
  return prf(shared, 'extended master secret', sha256(transcript), 48)
}

export interface Randoms {
  client: Uint8Array
  server: Uint8Array
}

export function recordKeys(master: Uint8Array, { client, server }: Randoms) {
  const block = prf(master, 'key expansion', Buffer.concat([server, client]), 40)
  const from = (key: number, salt: number): WriteKeys => ({
    key: block.subarray(key, key + 16),
    salt: block.subarray(salt, salt + 4),
  })
  return { client: from(0, 32), server: from(16, 36) }
}

/** The content of a Finished (RFC 5246 §7.4.9). */
export function finishedData(master: Uint8Array, who: 'client' | 'server', transcript: Uint8Array): Buffer {
  return prf(master, `${who} finished`, sha256(transcript), 12)
}

/** Master key and master salt of one direction of SRTP. */
export interface SrtpKeys {
  /** 16 bytes. */
  key: Uint8Array
  /** 14 bytes. */
  salt: Uint8Array
}

/** The keys of SRTP_AES128_CM_HMAC_SHA1_80 (RFC 5764 §4.2, RFC 5705). */
export function srtpKeys(master: Uint8Array, { client, server }: Randoms) {
  const block = prf(master, 'EXTRACTOR-dtls_srtp', Buffer.concat([client, server]), 60)
  const from = (key: number, salt: number): SrtpKeys => ({
    key: block.subarray(key, key + 16),
    salt: block.subarray(salt, salt + 14),
  })
  return { client: from(0, 32), server: from(16, 46) }
}
