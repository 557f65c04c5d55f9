import { createHash, randomBytes } from 'node:crypto'
import type { HeaderLine, SipRequest, SipResponse } from '../../embedded/sip/index.js'
import { type Credentials, parseCredentials } from '../../sip-text/credentials.js'
import { quote } from '../../sip-text/scan.js'

export interface Password {
  readonly username: string
  readonly password: string
}

const HASHES: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256' }

/**
 * The header that answers the digest challenge of a 401 or 407 to `request`: the first challenge that can be answered
 * (RFC 8760 §2.4). Undefined where there is none.
 */
export function answerChallenge(
  request: Pick<SipRequest, 'method' | 'uri'>,
  response: SipResponse,
  { username, password }: Password,
): HeaderLine | undefined {
  const byProxy = response.status === 407
  const lines = response.headers.lineValues(byProxy ? 'proxy-authenticate' : 'www-authenticate')
  const challenge = lines.flatMap((line) => parseCredentials(line) ?? []).find(isAnswerable)
  if (challenge === undefined) return undefined
  const of = (name: string): string => challenge.params.get(name) ?? ''
  const algorithm = algorithmOf(challenge)
  const hash = (...parts: readonly string[]): string =>
    createHash(HASHES[algorithm] ?? 'md5')
      .update(parts.join(':'))
      .digest('hex')
  const secret = hash(username, of('realm'), password)
  const what = hash(request.method, request.uri)
  const shared = [
    ...[`username=${quote(username)}`, `realm=${quote(of('realm'))}`, `nonce=${quote(of('nonce'))}`],
    ...[`uri=${quote(request.uri)}`, `algorithm=${algorithm}`],
    ...(challenge.params.has('opaque') ? [`opaque=${quote(of('opaque'))}`] : []),
  ]
  const name = byProxy ? 'Proxy-Authorization' : 'Authorization'
  if (!challenge.params.has('qop')) {
    // RFC 2069, which RFC 3261 §22.4 still allows.
    return [name, `Digest ${[...shared, `response="${hash(secret, of('nonce'), what)}"`].join(', ')}`]
  }
  const cnonce = randomBytes(8).toString('hex')
  const answer = hash(secret, of('nonce'), '00000001', cnonce, 'auth', what)
  const proof = [`qop=auth`, `nc=00000001`, `cnonce="${cnonce}"`, `response="${answer}"`]
  return [name, `Digest ${[...shared, ...proof].join(', ')}`]
}

function algorithmOf({ params }: Credentials): string {
  return (params.get('algorithm') ?? 'MD5').toUpperCase()
}

function isAnswerable(challenge: Credentials): boolean {
  const { scheme, params } = challenge
  const qop = params.get('qop')
  return (
    scheme === 'digest' &&
    HASHES[algorithmOf(challenge)] !== undefined &&
    (qop === undefined || qop.split(',').some((one) => one.trim().toLowerCase() === 'auth'))
  )
}
