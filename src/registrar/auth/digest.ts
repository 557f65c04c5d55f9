import { offeredTo } from './md5-only.js'
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { quote } from '../../sip-text/scan.js'
import { FailureLimit, type FailureBounds } from './failure-limit.js'
import { Nonces } from './nonces.js'
import type { Authenticator, AuthRequest, AuthVerdict } from './authenticator.js'
import type { UserLookup } from '../user.js'
import type { Clock } from '../../ports/clock.js'
import type { Credentials } from '../../sip-text/credentials.js'

export type DigestAlgorithm = 'SHA-256' | 'MD5'

export interface DigestOptions {
  readonly realm: string
  /** Asked at each request, so that a reloaded configuration takes effect. */
  readonly users: () => UserLookup
  readonly clock: Pick<Clock, 'now'>
  /** Milliseconds. */
  readonly nonceLifetime: number
  /** Signs the nonces; nodes that have the same one take each other's. Default: random. */
  readonly nonceSecret?: Uint8Array
  /** One challenge each, in this order (RFC 8760 §2.3: the preferred one first). */
  readonly algorithms?: readonly DigestAlgorithm[]
  /** Wrong passwords that one source may try for one user. */
  readonly failures?: FailureBounds
}

interface DigestResponse {
  readonly algorithm: DigestAlgorithm
  readonly username: string
  readonly nonce: string
  readonly uri: string
  readonly cnonce: string
  /** As it stood: it is hashed so. */
  readonly nc: string
  readonly response: string
}

const HASH: Record<DigestAlgorithm, string> = { 'SHA-256': 'sha256', MD5: 'md5' }
const HEX_LENGTH: Record<DigestAlgorithm, number> = { 'SHA-256': 64, MD5: 32 }

/** Digest (RFC 7616, RFC 8760) with qop=auth. */
export function createDigest(options: DigestOptions): Authenticator {
  const { realm, clock } = options
  const algorithms = options.algorithms ?? ['SHA-256', 'MD5']
  const nonces = new Nonces(clock, options.nonceLifetime, undefined, options.nonceSecret)
  const failures = new FailureLimit(clock, options.failures)
  // Hashed for an unknown user, so that it costs the same time as a wrong password.
  const nobody = randomUUID()

  function judge(answer: DigestResponse, request: AuthRequest): AuthVerdict {
    const key = `${request.source.address} ${answer.username}`
    const retryAfterMs = failures.blockedFor(key)
    if (retryAfterMs > 0) return { kind: 'throttled', retryAfterMs }
    const user = options.users()(answer.username)
    const expected = digestOf(answer, request.method, realm, user?.password ?? nobody)
    const right = timingSafeEqual(Buffer.from(expected), Buffer.from(answer.response))
    if (!user || !right) {
      failures.count(key)
      return { kind: 'denied', why: 'wrong user or password', stale: false, routine: false }
    }
    // Judged last: `stale` tells that the password was right.
    if (!nonces.use(answer.nonce, Number.parseInt(answer.nc, 16))) {
      return { kind: 'denied', why: 'nonce is stale or was used', stale: true, routine: true }
    }
    return { kind: 'granted', user: user.name }
  }

  return {
    scheme: 'digest',
    challenges({ stale }, request) {
      const offered = offeredTo(algorithms, request.header('user-agent'))
      const nonce = nonces.issue()
      const rest = `nonce="${nonce}", qop="auth"${stale ? ', stale=true' : ''}`
      return offered.map((algorithm) => `Digest realm=${quote(realm)}, algorithm=${algorithm}, ${rest}`)
    },
    verify(offered, request) {
      // A user agent may answer several challenges at once: the strongest of its answers counts, once.
      const ours = offered.filter((credentials) => credentials.params.get('realm') === realm)
      for (const algorithm of algorithms) {
        const credentials = ours.find((candidate) => algorithmOf(candidate) === algorithm.toLowerCase())
        if (!credentials) continue
        const answer = readResponse(credentials, algorithm)
        return typeof answer === 'string' ? { kind: 'malformed', why: answer } : judge(answer, request)
      }
      return { kind: 'denied', why: 'no answer to a challenge of ours', stale: false, routine: true }
    },
  }
}

/** RFC 7616 §3.4: without the parameter it is MD5. */
function algorithmOf(credentials: Credentials): string {
  return (credentials.params.get('algorithm') ?? 'MD5').toLowerCase()
}

/** The response's fields, or why it cannot be one. */
function readResponse(credentials: Credentials, algorithm: DigestAlgorithm): DigestResponse | string {
  const field = (name: string) => credentials.params.get(name) ?? ''
  const missing = ['username', 'nonce', 'uri', 'response'].find((name) => field(name) === '')
  if (missing) return `Digest without ${missing}`
  // Without qop there is no nonce count, and a response could be replayed while its nonce lives.
  if (field('qop').toLowerCase() !== 'auth') return 'Digest without qop=auth'
  if (field('cnonce') === '' || !/^[0-9a-f]{8}$/i.test(field('nc'))) return 'Digest without cnonce or nc'
  const response = field('response').toLowerCase()
  if (!/^[0-9a-f]+$/.test(response) || response.length !== HEX_LENGTH[algorithm])
    return 'Malformed digest response'
  const [username, nonce, uri] = [field('username'), field('nonce'), field('uri')]
  return { algorithm, username, nonce, uri, cnonce: field('cnonce'), nc: field('nc'), response }
}

/**
 * RFC 7616 §3.4.1. The digest's own URI is hashed and not compared with the Request-URI: proxies rewrite that
 * (RFC 3261 §22.4), and with the nonce count nothing can be replayed onto another one.
 */
function digestOf(answer: DigestResponse, method: string, realm: string, password: string): string {
  const hash = (text: string) => createHash(HASH[answer.algorithm]).update(text).digest('hex')
  const secret = hash(`${answer.username}:${realm}:${password}`)
  const target = hash(`${method}:${answer.uri}`)
  return hash(`${secret}:${answer.nonce}:${answer.nc}:${answer.cnonce}:auth:${target}`)
}
