import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Apple takes a token for an hour, and none that is renewed more often than each twenty minutes, s. */
const LIFE_S = 50 * 60
const LEAST_LIFE_S = 20 * 60

export interface ProviderKey {
  /** The .p8 key of the team: its PEM text, or the name of its file. */
  readonly key: string
  readonly keyId: string
  readonly teamId: string
}

/** The JWT by which a team proves itself to APNs: ES256 (RFC 7518 §3.4), one for all pushes of most of an hour. */
export class ProviderToken {
  readonly #key: KeyObject
  readonly #keyId: string
  readonly #teamId: string
  #token: { readonly text: string; readonly issuedAt: number } | undefined

  /**
   * @param now milliseconds since the epoch
   * @throws where the key cannot be read, or is none on P-256
   */
  constructor(
    { key, keyId, teamId }: ProviderKey,
    private readonly now: () => number = Date.now,
  ) {
    this.#key = readKey(key)
    this.#keyId = keyId
    this.#teamId = teamId
  }

  current(): string {
    const seconds = Math.floor(this.now() / 1000)
    if (this.#token === undefined || seconds - this.#token.issuedAt >= LIFE_S) {
      this.#token = { text: this.#issue(seconds), issuedAt: seconds }
    }
    return this.#token.text
  }

  /** APNs calls it expired: there will be a new one, where that is not too soon for Apple. */
  expired(): void {
    if (this.#token === undefined) return
    if (this.now() / 1000 - this.#token.issuedAt >= LEAST_LIFE_S) this.#token = undefined
  }

  #issue(iat: number): string {
    const input = [
      { alg: 'ES256', kid: this.#keyId },
      { iss: this.#teamId, iat },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const signature = sign('sha256', Buffer.from(input), { key: this.#key, dsaEncoding: 'ieee-p1363' })
    return `${input}.${signature.toString('base64url')}`
  }
}

function readKey(key: string): KeyObject {
  const name = key.includes('-----BEGIN') ? 'the given text' : key
  try {
    const pem = key.includes('-----BEGIN') ? key : readFileSync(key, 'utf8')
    const parsed = createPrivateKey(pem)
    if (parsed.asymmetricKeyDetails?.namedCurve === 'prime256v1') return parsed
  } catch (error) {
    throw new Error(`the provider token's key cannot be read: ${name}`, { cause: error })
  }
  throw new Error(`the provider token's key is none on the curve P-256: ${name}`)
}
