import { createHash, randomBytes } from 'node:crypto'
import { headerLines, type SipResponse } from './message.js'
import { parseParams, splitOutsideQuotes } from './uri.js'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/** RFC 7616 §3.3, as far as SIP uses it. */
export interface Challenge {
  readonly header: 'Authorization' | 'Proxy-Authorization'
  readonly realm: string
  readonly nonce: string
  readonly algorithm: 'MD5' | 'SHA-256'
  readonly qop: 'auth' | undefined
  readonly opaque: string | undefined
  readonly stale: boolean
}

const known = { md5: 'MD5', 'sha-256': 'SHA-256' } as const
const hashOf = { MD5: 'md5', 'SHA-256': 'sha256' } as const

/** The challenges of a 401 or 407 that can be answered, in the server's order. */
export function challengesOf(response: SipResponse): Challenge[] {
  const of = (name: string, header: Challenge['header']): Challenge[] =>
    headerLines(response, name)
      .map((value) => parseChallenge(value, header))
      .filter((c) => c !== undefined)
  return [...of('WWW-Authenticate', 'Authorization'), ...of('Proxy-Authenticate', 'Proxy-Authorization')]
}

function parseChallenge(value: string, header: Challenge['header']): Challenge | undefined {
  const fields = digestFields(value)
  const algorithm = known[(fields.get('algorithm') ?? 'MD5').toLowerCase() as keyof typeof known]
  const [realm, nonce] = [fields.get('realm'), fields.get('nonce')]
  if (algorithm === undefined || realm === undefined || nonce === undefined) return undefined
  const offered = fields
    .get('qop')
    ?.split(',')
    .map((q) => q.trim())
  return {
    header,
    realm,
    nonce,
    algorithm,
    qop: offered?.includes('auth') ? 'auth' : undefined,
    opaque: fields.get('opaque'),
    stale: fields.get('stale')?.toLowerCase() === 'true',
  }
}

/** The fields of a Digest challenge or answer; empty where it is of another scheme. */
export function digestFields(value: string): ReadonlyMap<string, string> {
  const [, rest] = /^\s*Digest\s+(.*)$/is.exec(value) ?? []
  const fields = new Map<string, string>()
  for (const [name, text] of parseParams(splitOutsideQuotes(rest ?? '', ','))) {
    fields.set(name, text.replace(/^"(.*)"$/s, '$1').replace(/\\(.)/g, '$1'))
  }
  return fields
}

export interface DigestInput extends Credentials {
  readonly realm: string
  readonly nonce: string
  readonly algorithm: 'MD5' | 'SHA-256'
  readonly method: string
  readonly uri: string
  /** With qop: the count as eight hex digits, and the client's nonce. */
  readonly auth?: { readonly nc: string; readonly cnonce: string }
}

/** RFC 7616 §3.4.1; without qop the form of RFC 2069. */
export function digestResponse(input: DigestInput): string {
  const hash = (text: string): string => createHash(hashOf[input.algorithm]).update(text).digest('hex')
  const a1 = hash(`${input.username}:${input.realm}:${input.password}`)
  const a2 = hash(`${input.method}:${input.uri}`)
  if (input.auth === undefined) return hash(`${a1}:${input.nonce}:${a2}`)
  return hash(`${a1}:${input.nonce}:${input.auth.nc}:${input.auth.cnonce}:auth:${a2}`)
}

/** Answers challenges, and counts how often it used a nonce. */
export class DigestSession {
  #challenge: Challenge | undefined
  #count = 0

  constructor(
    private readonly credentials: Credentials,
    /** Where the server offers several algorithms. */
    private readonly prefer?: Challenge['algorithm'],
  ) {}

  /** False where there is nothing to answer, or the answer was refused; `answered` counts those of this exchange. */
  challenged(response: SipResponse, answered: number): boolean {
    const challenges = challengesOf(response)
    const chosen = challenges.find((c) => c.algorithm === this.prefer) ?? challenges[0]
    if (chosen === undefined) return false
    if (answered > 0 && !(chosen.stale && answered < 3)) return false
    this.#challenge = chosen
    this.#count = 0
    return true
  }

  /** The header field for the next request; undefined before the first challenge. */
  authorize(method: string, uri: string): readonly [string, string] | undefined {
    if (this.#challenge === undefined) return undefined
    const { header, realm, nonce, algorithm, qop, opaque } = this.#challenge
    const nc = (++this.#count).toString(16).padStart(8, '0')
    const cnonce = randomBytes(8).toString('hex')
    const auth = qop === undefined ? {} : { auth: { nc, cnonce } }
    const response = digestResponse({ ...this.credentials, realm, nonce, algorithm, method, uri, ...auth })
    const fields = [
      `username="${this.credentials.username}"`,
      `realm="${realm}"`,
      `nonce="${nonce}"`,
      `uri="${uri}"`,
      `response="${response}"`,
      `algorithm=${algorithm}`,
      ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
      ...(qop === undefined ? [] : [`qop=auth`, `nc=${nc}`, `cnonce="${cnonce}"`]),
    ]
    return [header, `Digest ${fields.join(', ')}`]
  }
}
