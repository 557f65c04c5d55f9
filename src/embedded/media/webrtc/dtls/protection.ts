import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { DtlsRecord } from './records.js'
import { number } from './wire.js'

/** Records sealed by AES-128-GCM (RFC 5288 §3, RFC 5246 §6.2.3.3); nonces of DTLS are epoch and sequence (RFC 6347 §4.1). */
const CIPHER = 'aes-128-gcm'
const EXPLICIT_NONCE = 8
const TAG = 16

/** Of one direction. */
export interface WriteKeys {
  /** 16 bytes. */
  key: Uint8Array
  /** The implicit part of the nonce: 4 bytes. */
  salt: Uint8Array
}

export function seal(record: DtlsRecord, { key, salt }: WriteKeys): DtlsRecord {
  const explicit = nonceOf(record)
  const cipher = createCipheriv(CIPHER, key, Buffer.concat([salt, explicit]))
  cipher.setAAD(additionalData(record, record.fragment.length))
  const sealed = Buffer.concat([cipher.update(record.fragment), cipher.final()])
  return { ...record, fragment: Buffer.concat([explicit, sealed, cipher.getAuthTag()]) }
}

/** @returns undefined for a record that is not of who has the keys */
export function open(record: DtlsRecord, { key, salt }: WriteKeys): DtlsRecord | undefined {
  const { fragment } = record
  const length = fragment.length - EXPLICIT_NONCE - TAG
  if (length < 0) return undefined
  const nonce = Buffer.concat([salt, fragment.subarray(0, EXPLICIT_NONCE)])
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG })
  decipher.setAAD(additionalData(record, length))
  decipher.setAuthTag(fragment.subarray(fragment.length - TAG))
  const opened = decipher.update(fragment.subarray(EXPLICIT_NONCE, fragment.length - TAG))
  try {
    return { ...record, fragment: Buffer.concat([opened, decipher.final()]) }
  } catch {
    // The tag is wrong: as good as not received (RFC 6347 §4.1.2.7).
    return undefined
  }
}

function nonceOf({ epoch, sequence }: DtlsRecord): Buffer {
  return Buffer.concat([number(2, epoch), number(6, sequence)])
}

function additionalData(record: DtlsRecord, length: number): Buffer {
  return Buffer.concat([
    nonceOf(record),
    number(1, record.type),
    number(2, record.version),
    number(2, length),
  ])
}
