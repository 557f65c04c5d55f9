import { createHmac, type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto'

export type KeyAlgorithm = 'HS256' | 'ES256' | 'EdDSA'

/** A key that is ready for use: it is imported once, and not again for each token. */
export interface TokenKey {
  /** The `kid` of the tokens that it signed. */
  readonly id: string
  /** A token with this `kid` and any other algorithm is refused. */
  readonly algorithm: KeyAlgorithm
  readonly verify: KeyObject
  /** Null where only the public half is known. */
  readonly sign: KeyObject | null
}

/** The parts of a JWS in compact serialization (RFC 7515 §7.1), the first two decoded, nothing of it checked. */
export interface Jws {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
  readonly signed: string
  readonly signature: string
}

/**
 * The encoded signature of `signed`. It is made here and now: of the work that takes, handing it to another thread would
 * cost several times as much.
 *
 * @throws Error where the key only verifies
 */
export function signatureOf(key: TokenKey, signed: string): string {
  if (key.sign === null) throw new Error(`token key ${key.id} cannot sign`)
  switch (key.algorithm) {
    case 'HS256':
      return hmac(key.sign, signed)
    case 'ES256':
      return sign('sha256', Buffer.from(signed), fixedLength(key.sign)).toString('base64url')
    case 'EdDSA':
      return sign(null, Buffer.from(signed), key.sign).toString('base64url')
    default:
      return key.algorithm satisfies never
  }
}

/** Whether the signature is the key's, by the key's own algorithm. */
export function isSignedBy(key: TokenKey, { signed, signature }: Jws): boolean {
  if (key.algorithm === 'HS256') return sameText(hmac(key.verify, signed), signature)
  const bytes = Buffer.from(signature, 'base64url')
  // One signature has one text: letters with bits to spare are not passed over.
  if (bytes.toString('base64url') !== signature) return false
  switch (key.algorithm) {
    case 'ES256':
      return verify('sha256', Buffer.from(signed), fixedLength(key.verify), bytes)
    case 'EdDSA':
      return verify(null, Buffer.from(signed), key.verify, bytes)
    default:
      return key.algorithm satisfies never
  }
}

export function encodePart(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

/** Undefined where it is none. */
export function readJws(token: string): Jws | undefined {
  const [first, second, signature, ...more] = token.split('.')
  if (first === undefined || second === undefined || signature === undefined || more.length > 0) {
    return undefined
  }
  const header = decodePart(first)
  const payload = decodePart(second)
  if (header === undefined || payload === undefined) return undefined
  return { header, payload, signed: token.slice(0, first.length + 1 + second.length), signature }
}

function decodePart(part: string): Jws['header'] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return value as Jws['header']
  } catch {
    // No JSON: whoever asks hears it as undefined.
    return undefined
  }
}

function hmac(key: KeyObject, signed: string): string {
  return createHmac('sha256', key).update(signed).digest('base64url')
}

/** RFC 7518 §3.4: R and S one after the other, and no DER. */
function fixedLength(key: KeyObject): { key: KeyObject; dsaEncoding: 'ieee-p1363' } {
  return { key, dsaEncoding: 'ieee-p1363' }
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
