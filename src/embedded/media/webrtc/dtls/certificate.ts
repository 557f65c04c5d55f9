import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { number } from './wire.js'

/** Who we are in a handshake: nobody by name, but whose fingerprint stands in the description (RFC 8122). */
export interface Identity {
  /** Self-signed, DER. */
  certificate: Buffer
  key: KeyObject
  /** As in `a=fingerprint:`. */
  fingerprint: string
}

/** A P-256 key (RFC 8827 §6.5) and a certificate of it that no authority has signed. Takes about 1 ms. */
export function createIdentity(): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(ECDSA_WITH_SHA256)
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from('reveille')))))
  const body = sequence(
    der(0xa0, der(0x02, number(1, 2))), // v3
    der(0x02, positive(randomBytes(8))),
    algorithm,
    name,
    // Nobody looks at its dates: it is known by its fingerprint alone.
    sequence(time('200101000000Z'), time('491231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', body, privateKey)
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([number(1, 0), signature])))
  return { certificate, key: privateKey, fingerprint: `sha-256 ${hashOf('sha256', certificate)}` }
}

const ECDSA_WITH_SHA256 = oid('2a8648ce3d040302')
const COMMON_NAME = oid('550403')

/** RFC 8122 §5 without the hashes that can be forged. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha-384', 'sha384'],
  ['sha-512', 'sha512'],
])

/** Whether a value of `a=fingerprint:` names a hash that is trusted here. */
export function isUsableFingerprint(fingerprint: string): boolean {
  return /^\S+ [0-9a-f:]+$/i.test(fingerprint) && hashName(fingerprint) !== undefined
}

/** Whether a certificate is one of those that the description names; one is enough (RFC 8122 §5). */
export function isNamed(certificate: Uint8Array, fingerprints: readonly string[]): boolean {
  return fingerprints.some((fingerprint) => {
    const hash = hashName(fingerprint)
    return hash !== undefined && fingerprint.split(' ')[1]?.toUpperCase() === hashOf(hash, certificate)
  })
}

function hashName(fingerprint: string): string | undefined {
  return HASHES.get(fingerprint.split(' ')[0]?.toLowerCase() ?? '')
}

function hashOf(name: string, bytes: Uint8Array): string {
  const hex = createHash(name).update(bytes).digest('hex').toUpperCase()
  return (hex.match(/../g) ?? []).join(':')
}

/** One value in DER (X.690 §8.1), of up to 64 KB. */
function der(tag: number, content: Uint8Array): Buffer {
  const { length } = content
  const lengthBytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length]
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content])
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function time(text: string): Buffer {
  return der(0x17, Buffer.from(text, 'latin1'))
}

/** Of an integer: its first bit is its sign, and its first byte is not 0. */
function positive(bytes: Buffer): Buffer {
  bytes[0] = (bytes[0]! & 0x3f) | 0x40
  return bytes
}
