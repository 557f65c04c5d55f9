import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { Agent } from 'node:https'
import { request } from 'node:https'
import type { Credential, GoogleOAuthAccessToken } from 'firebase-admin/app'

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Google grants at most this, seconds. */
const LIFETIME_S = 3600
/** An answer of the token endpoint is far shorter, bytes. */
const MAX_ANSWER = 65_536

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

/**
 * Access tokens for a service account (RFC 7523 §2.1), in place of firebase-admin's own credential: that one leaves
 * the HTTP agent out for an account that is given as an object, has no deadline, and tells an account that
 * was refused from an endpoint that is away by text only. firebase-admin keeps a token until shortly before it ends.
 */
export class ServiceAccountCredential implements Credential {
  /** Why the last request for a token failed; undefined where it did not. */
  failure: TokenFailure | undefined

  constructor(
    private readonly account: ServiceAccount,
    private readonly agent: Agent,
    private readonly timeoutMs: number,
  ) {}

  async getAccessToken(): Promise<GoogleOAuthAccessToken> {
    try {
      const { status, text } = await this.#post(assertion(this.account, Math.floor(Date.now() / 1000)))
      const token = readGrant(status, text)
      this.failure = undefined
      return token
    } catch (error) {
      this.failure = error instanceof TokenFailure ? error : new TokenFailure(String(error), false)
      throw this.failure
    }
  }

  #post(jwt: string): Promise<{ status: number; text: string }> {
    const body = new URLSearchParams({ grant_type: GRANT, assertion: jwt }).toString()
    return new Promise((resolve, reject) => {
      const sent = request(this.account.tokenUri, {
        method: 'POST',
        agent: this.agent,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body),
        },
      })
      const timer = setTimeout(
        () => sent.destroy(new Error(`no access token within ${this.timeoutMs} ms`)),
        this.timeoutMs,
      )
      sent.once('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (text.length > MAX_ANSWER) sent.destroy(new Error('the token endpoint does not stop talking'))
        })
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
        response.once('error', reject)
      })
      sent.on('error', reject)
      sent.once('close', () => clearTimeout(timer))
      sent.end(body)
    })
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

function readGrant(status: number, text: string): GoogleOAuthAccessToken {
  const brief = text.replace(/\s+/g, ' ').slice(0, 200)
  if (status !== 200) {
    const atFault = status >= 400 && status < 500 && status !== 408 && status !== 429
    throw new TokenFailure(`the token endpoint answered ${status}: ${brief}`, atFault)
  }
  const { access_token, expires_in } = JSON.parse(text) as Partial<GoogleOAuthAccessToken>
  if (typeof access_token !== 'string' || typeof expires_in !== 'number')
    throw new TokenFailure('the token endpoint answered 200 without a token', false)
  return { access_token, expires_in }
}
