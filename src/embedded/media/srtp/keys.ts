import { createCipheriv } from 'node:crypto'

/** Of one direction of a session, as it was agreed on: SRTP_AES128_CM_HMAC_SHA1_80 (RFC 5764 §4.1.2). */
export interface MasterKeys {
  /** 16 bytes. */
  key: Uint8Array
  /** 14 bytes. */
  salt: Uint8Array
}

export interface SessionKeys {
  /** AES-128. */
  cipher: Buffer
  /** HMAC-SHA1: 20 bytes. */
  auth: Buffer
  /** 14 bytes. */
  salt: Buffer
}

/** The keys of RTP and of RTCP, made once for the session's life (RFC 3711 §4.3, a key derivation rate of 0). */
export function sessionKeys(master: MasterKeys): { rtp: SessionKeys; rtcp: SessionKeys } {
  const from = (label: number): SessionKeys => ({
    cipher: derive(master, label, 16),
    auth: derive(master, label + 1, 20),
    salt: derive(master, label + 2, 14),
  })
  return { rtp: from(0), rtcp: from(3) }
}

/** RFC 3711 §4.3.3. The label stands before the 48 bits of an index that is 0. */
function derive({ key, salt }: MasterKeys, label: number, length: number): Buffer {
  const counter = Buffer.alloc(16)
  counter.set(salt)
  counter[7]! ^= label
  return createCipheriv('aes-128-ctr', key, counter).update(Buffer.alloc(length))
}

/** Where the key stream of a packet begins (RFC 3711 §4.1.1). @param index of 48 bits */
export function initialCounter(salt: Uint8Array, source: number, index: number): Buffer {
  const counter = Buffer.alloc(16)
  counter.writeUInt32BE(source, 4)
  counter.writeUIntBE(index, 8, 6)
  for (let at = 0; at < salt.length; at += 1) counter[at]! ^= salt[at]!
  return counter
}
