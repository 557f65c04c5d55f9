import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { Agent } from 'node:https'
import { type HttpAnswer, post } from './https-post.js'
import { jsonOf } from './json-of.js'

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Google grants at most this, seconds. */
const LIFETIME_S = 3600
/** How long before its end a token is renewed, ms. */
const AHEAD_MS = 5 * 60_000
/** How often a token may be given up that FCM refuses, ms. */
const GIVE_UP_MS = 60_000

/** What is needed of Google's JSON for a service account. */
export interface ServiceAccount {
  readonly projectId: string
  readonly email: string
  readonly key: KeyObject
  readonly keyId: string | undefined
  readonly tokenUri: string
}

/** @throws Error where a field is missing or the key is none. */
export function parseServiceAccount(json: unknown): ServiceAccount {
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  const text = (name: string): string => {
    const value = fields[name]
    if (typeof value !== 'string' || value === '') throw new Error(`the service account has no "${name}"`)
    return value
  }
  return {
    projectId: text('project_id'),
    email: text('client_email'),
    key: createPrivateKey(text('private_key')),
    keyId: fields['private_key_id'] === undefined ? undefined : text('private_key_id'),
    tokenUri: fields['token_uri'] === undefined ? 'https://oauth2.googleapis.com/token' : text('token_uri'),
  }
}

/** The token endpoint gave no token. */
export class TokenFailure extends Error {
  override readonly name = 'TokenFailure'
  constructor(
    message: string,
    /** The account itself was refused, rather than the endpoint being away or busy. */
    readonly atFault: boolean,
  ) {
    super(message)
  }
}

interface AccessToken {
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly goodUntil: number
}

/** Access tokens for a service account (RFC 7523 §2.1), each for all pushes until shortly before its end. */
export class ServiceAccountCredential {
  #token: AccessToken | undefined
  #asking: Promise<AccessToken> | undefined
  #givenUpAt = -Infinity

  constructor(
    private readonly account: ServiceAccount,
    private readonly agent: Agent,
    private readonly timeoutMs: number,
  ) {}

  /** Whoever asks while an answer is awaited gets the same one. Rejects with TokenFailure. */
  async accessToken(): Promise<string> {
    if (this.#token !== undefined && Date.now() < this.#token.goodUntil) return this.#token.text
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
    return (await this.#asking).text
  }

  /**
   * FCM would not have this token: revoked, or at its end by Google's clock.
   *
   * @returns whether the next push goes out with another one; not, where one was given up a short while ago, so that
   * an account that has no rights does not ask for a token with every push
   */
  refused(text: string): boolean {
    if (this.#token?.text !== text) return true
    if (Date.now() - this.#givenUpAt < GIVE_UP_MS) return false
    this.#givenUpAt = Date.now()
    this.#token = undefined
    return true
  }

  async #ask(): Promise<AccessToken> {
    const body = new URLSearchParams({
      grant_type: GRANT,
      assertion: assertion(this.account, Math.floor(Date.now() / 1000)),
    })
    const { access_token, expires_in } = readGrant(await this.#post(body.toString()))
    return (this.#token = { text: access_token, goodUntil: Date.now() + expires_in * 1000 - AHEAD_MS })
  }

  async #post(body: string): Promise<HttpAnswer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const deadline = AbortSignal.timeout(this.timeoutMs)
    try {
      return await post({ url: this.account.tokenUri, agent: this.agent, headers, body }, deadline)
    } catch (error) {
      if (deadline.aborted) throw new TokenFailure(`no access token within ${this.timeoutMs} ms`, false)
      throw new TokenFailure(`the token endpoint cannot be reached: ${String(error)}`, false)
    }
  }
}

/** A JWT that asks for a token, signed with RS256 (RFC 7518 §3.3). `now`: seconds since the epoch. */
function assertion(account: ServiceAccount, now: number): string {
  const header = { alg: 'RS256', typ: 'JWT', ...(account.keyId === undefined ? {} : { kid: account.keyId }) }
  const claims = {
    iss: account.email,
    scope: SCOPE,
    aud: account.tokenUri,
    iat: now,
    exp: now + LIFETIME_S,
  }
  const input = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${input}.${sign('sha256', Buffer.from(input), account.key).toString('base64url')}`
}

interface Grant {
  readonly access_token: string
  /** Seconds. */
  readonly expires_in: number
}

function readGrant({ status, text }: HttpAnswer): Grant {
  const brief = text.replace(/\s+/g, ' ').slice(0, 200)
  if (status !== 200) {
    const atFault = status >= 400 && status < 500 && status !== 408 && status !== 429
    throw new TokenFailure(`the token endpoint answered ${status}: ${brief}`, atFault)
  }
  const { access_token, expires_in } = jsonOf(text)
  if (typeof access_token !== 'string' || typeof expires_in !== 'number')
    throw new TokenFailure('the token endpoint answered 200 without a token', false)
  return { access_token, expires_in }
}
