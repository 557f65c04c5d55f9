import { createHash } from 'node:crypto'

export interface Challenge {
  readonly realm: string
  readonly nonce: string
  readonly algorithm: 'SHA-256' | 'MD5'
  readonly stale: boolean
}

export interface DigestInput {
  readonly username: string
  readonly password: string
  readonly method: string
  readonly uri: string
  readonly nc?: string
  readonly cnonce?: string
}

export function readChallenge(value: string): Challenge {
  const field = (name: string) => new RegExp(`\\b${name}="?([^",]+)"?`).exec(value)?.[1] ?? ''
  const algorithm = field('algorithm') === 'MD5' ? 'MD5' : 'SHA-256'
  return { realm: field('realm'), nonce: field('nonce'), algorithm, stale: field('stale') === 'true' }
}

/** The `response` of RFC 7616 §3.4.1, qop=auth. */
export function digestResponse(
  { realm, nonce, algorithm }: Pick<Challenge, 'realm' | 'nonce' | 'algorithm'>,
  { username, password, method, uri, nc = '00000001', cnonce = 'c' }: DigestInput,
): string {
  const hash = (...parts: string[]) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(parts.join(':'))
      .digest('hex')
  return hash(hash(username, realm, password), nonce, nc, cnonce, 'auth', hash(method, uri))
}

/** An Authorization value that answers the challenge. */
export function answerChallenge(challenge: Challenge, input: DigestInput): string {
  const { username, uri, nc = '00000001', cnonce = 'c' } = input
  return (
    `Digest username="${username}", realm="${challenge.realm}", nonce="${challenge.nonce}", uri="${uri}", ` +
    `response="${digestResponse(challenge, input)}", algorithm=${challenge.algorithm}, ` +
    `qop=auth, nc=${nc}, cnonce="${cnonce}"`
  )
}
