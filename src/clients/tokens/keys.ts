import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { TokenKey } from './jws.js'

export type { TokenKey } from './jws.js'

/** A key as it is configured. */
export type KeySpec =
  | { readonly id: string; readonly algorithm: 'HS256'; readonly secret: string }
  /** `keyFile`: PEM of a private key (PKCS #8), or of a public one (SPKI) that can only verify. */
  | { readonly id: string; readonly algorithm: 'ES256' | 'EdDSA'; readonly keyFile: string }

/** A configured key cannot be used; the message says which and why, and never what is in it. */
export class TokenKeyError extends Error {
  override readonly name = 'TokenKeyError'
}

/** `kid` of the key that the nodes share where none is configured. */
const SHARED_ID = 'reveille'

/** RFC 7518 §3.2: a key of HMAC is at least as long as the hash. */
const SHORTEST_SECRET = 32

/**
 * The configured keys, or the secret that all nodes on one database share. Rejects with {@link TokenKeyError}, or as
 * `shared` does.
 *
 * @param shared 32 random bytes, the same for all nodes and for ever; asked only where no key is configured
 */
export async function loadTokenKeys(
  specs: readonly KeySpec[],
  shared: () => Promise<Uint8Array>,
): Promise<readonly TokenKey[]> {
  if (specs.length === 0) return [symmetric(SHARED_ID, await shared())]
  const keys = await Promise.all(specs.map(loadKey))
  if (keys[0]?.sign === null) {
    throw new TokenKeyError(`token key ${keys[0].id} is the first and signs: it must be a private key`)
  }
  return keys
}

async function loadKey(spec: KeySpec): Promise<TokenKey> {
  switch (spec.algorithm) {
    case 'HS256':
      return symmetric(spec.id, Buffer.from(spec.secret))
    case 'ES256':
    case 'EdDSA':
      return asymmetric(spec.id, spec.algorithm, spec.keyFile)
    default:
      return spec satisfies never
  }
}

function symmetric(id: string, secret: Uint8Array): TokenKey {
  if (secret.byteLength < SHORTEST_SECRET) {
    throw new TokenKeyError(`token key ${id} has a secret of fewer than ${String(SHORTEST_SECRET)} bytes`)
  }
  const key = createSecretKey(secret)
  return { id, algorithm: 'HS256', verify: key, sign: key }
}

async function asymmetric(id: string, algorithm: 'ES256' | 'EdDSA', file: string): Promise<TokenKey> {
  const pem = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new TokenKeyError(`token key ${id}: ${file} cannot be read`, { cause })
  })
  const half = readPem(pem)
  if (half === undefined) throw new TokenKeyError(`token key ${id}: ${file} holds no PEM of a key`)
  if (!fits(half, algorithm)) {
    const wanted = algorithm === 'ES256' ? 'an EC key on P-256' : 'an Ed25519 key'
    throw new TokenKeyError(`token key ${id}: ${file} is not ${wanted}, which ${algorithm} needs`)
  }
  return half.type === 'private'
    ? { id, algorithm, verify: createPublicKey(half), sign: half }
    : { id, algorithm, verify: half, sign: null }
}

function readPem(pem: string): KeyObject | undefined {
  for (const read of [createPrivateKey, createPublicKey]) {
    try {
      return read(pem)
    } catch {
      // Not of this kind; where it is of neither, the caller says so.
    }
  }
  return undefined
}

function fits({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject, algorithm: 'ES256' | 'EdDSA'): boolean {
  return algorithm === 'ES256'
    ? asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
    : asymmetricKeyType === 'ed25519'
}
