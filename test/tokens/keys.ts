import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { TokenKey } from '../../src/clients/tokens/jws.js'
import { loadTokenKeys, type KeySpec } from '../../src/clients/tokens/keys.js'

/** A key that nobody else has, as the nodes of one database share it. */
export function sharedKeys(secret: Uint8Array = randomBytes(32)): Promise<readonly TokenKey[]> {
  return loadTokenKeys([], () => Promise.resolve(secret))
}

export function configuredKeys(...specs: readonly KeySpec[]): Promise<readonly TokenKey[]> {
  return loadTokenKeys(specs, () => Promise.reject(new Error('the database is not to be asked')))
}

/** A file with this text, for one test. */
export function fileOf(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'reveille-keys-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'key.pem')
  writeFileSync(path, text)
  return path
}

/** PEM files of a new key pair. */
export function keyFiles(kind: 'P-256' | 'P-384' | 'ed25519' | 'rsa'): {
  readonly privateFile: string
  readonly publicFile: string
} {
  const { privateKey, publicKey } = pairOf(kind)
  return {
    privateFile: fileOf(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    publicFile: fileOf(publicKey.export({ type: 'spki', format: 'pem' }).toString()),
  }
}

function pairOf(kind: 'P-256' | 'P-384' | 'ed25519' | 'rsa') {
  switch (kind) {
    case 'P-256':
    case 'P-384':
      return generateKeyPairSync('ec', { namedCurve: kind })
    case 'ed25519':
      return generateKeyPairSync('ed25519')
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
    default:
      return kind satisfies never
  }
}
