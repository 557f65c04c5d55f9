import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:https'
import { closeServer, listen, listener, performReply, readBody } from './http-stand-in.js'
import { standInIdentity } from './identity.js'
import { Inbox } from './inbox.js'
import { answer, type Reply, Script } from './script.js'

export interface FcmMessage {
  readonly token: string
  readonly data: Readonly<Record<string, string>>
  readonly android: {
    readonly priority?: string
    readonly ttl?: string
    readonly collapse_key?: string
  }
}

export interface ReceivedFcmPush {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly message: FcmMessage
}

export interface FcmService {
  readonly host: string
  readonly port: number
  readonly ca: string
  /** A service account that the token endpoint knows, in the layout of Google's JSON files. */
  readonly serviceAccount: Readonly<
    Record<'type' | 'project_id' | 'client_email' | 'private_key' | 'private_key_id', string>
  >
  readonly projectId: string
  /** Tokens that answer 404 UNREGISTERED. */
  readonly unregistered: Set<string>
  readonly inbox: Inbox<ReceivedFcmPush>
  /** Paths of requests that the client ended before they were answered. */
  readonly abandoned: Inbox<string>
  /** Without a word of it the service judges as FCM does. */
  readonly script: Script<ReceivedFcmPush>
  /** The OAuth 2.0 token endpoint: its requests (form fields), and what it answers. */
  readonly tokenInbox: Inbox<URLSearchParams>
  readonly tokenScript: Script<URLSearchParams>
  /** How long access tokens that are granted from now on are good for, seconds; an hour as at Google. */
  tokenLifeS: number
  /** Access tokens that were granted are good for nothing any more. */
  revokeTokens(): void
  /** An error answer in FCM's layout; `code`: FCM's own, which goes into the details. */
  error(status: number, code: string, message: string, headers?: Record<string, string>): Reply
  close(): Promise<void>
}

const PROJECT_ID = 'reveille-test'
const CLIENT_EMAIL = 'push@reveille-test.iam.gserviceaccount.com'
const KEY_ID = 'stand-in-key'
const TOKEN_URI = 'https://oauth2.googleapis.com/token'
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Keys and values together, bytes. */
const MAX_PAYLOAD = 4096
/** Four weeks, s. */
const MAX_TTL = 2_419_200

let key: { readonly privateKey: string; readonly publicKey: string } | undefined

/** Made once a process: an RSA key takes a good part of a second. */
function accountKey(): NonNullable<typeof key> {
  key ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return key
}

/** FCM's HTTP v1 API and Google's OAuth 2.0 token endpoint, on one port. */
export async function startFcmService(): Promise<FcmService> {
  const { privateKey, publicKey } = accountKey()
  const inbox = new Inbox<ReceivedFcmPush>()
  const script = new Script<ReceivedFcmPush>()
  const abandoned = new Inbox<string>()
  const tokenInbox = new Inbox<URLSearchParams>()
  const tokenScript = new Script<URLSearchParams>()
  const unregistered = new Set<string>()
  const tokens = new AccessTokens()

  function decide(path: string, headers: IncomingHttpHeaders, text: string): Reply {
    if (path === '/token') {
      const form = new URLSearchParams(text)
      tokenInbox.add(form)
      return tokenScript.decide(form, () => grant(form, publicKey, tokens, service.tokenLifeS))
    }
    const push = { path, headers, message: (JSON.parse(text) as { message: FcmMessage }).message }
    inbox.add(push)
    return script.decide(push, () => judge(push, unregistered, tokens))
  }

  const server = createServer(
    { key: standInIdentity.key, cert: standInIdentity.cert },
    listener(async (request, response) => {
      const path = request.url ?? ''
      response.once('close', () => {
        if (!response.writableFinished) abandoned.add(path)
      })
      const text = await readBody(request)
      await performReply(decide(path, request.headers, text), response)
    }),
  )
  const port = await listen(server)
  const service: FcmService = {
    host: '127.0.0.1',
    port,
    ca: standInIdentity.ca,
    serviceAccount: {
      type: 'service_account',
      project_id: PROJECT_ID,
      client_email: CLIENT_EMAIL,
      private_key: privateKey,
      private_key_id: KEY_ID,
    },
    projectId: PROJECT_ID,
    unregistered,
    inbox,
    abandoned,
    script,
    tokenInbox,
    tokenScript,
    tokenLifeS: 3600,
    revokeTokens: () => tokens.revoke(),
    error: failure,
    close: () => closeServer(server),
  }
  return service
}

/** Those that were granted, with the end of each. */
class AccessTokens {
  readonly #ends = new Map<string, number>()
  #granted = 0

  grant(lifeS: number): string {
    const token = `stand-in-access-token-${++this.#granted}`
    this.#ends.set(token, Date.now() + lifeS * 1000)
    return token
  }

  good(authorization: string | undefined): boolean {
    const end = this.#ends.get((authorization ?? '').replace(/^Bearer /, ''))
    return end !== undefined && Date.now() < end
  }

  revoke(): void {
    this.#ends.clear()
  }
}

/** What FCM itself would say. */
function judge(push: ReceivedFcmPush, unregistered: ReadonlySet<string>, tokens: AccessTokens): Reply {
  const { message } = push
  if (push.path !== `/v1/projects/${PROJECT_ID}/messages:send`)
    return failure(404, 'NOT_FOUND', 'No such path')
  if (!tokens.good(push.headers.authorization))
    return failure(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials')
  const bad = Object.entries(message.data).find(([key, value]) => reserved(key) || typeof value !== 'string')
  if (bad) return failure(400, 'INVALID_ARGUMENT', `Invalid data payload key: ${bad[0]}`)
  const size = Object.entries(message.data).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0)
  if (size > MAX_PAYLOAD) return failure(400, 'INVALID_ARGUMENT', 'Android message is too big')
  const { priority = 'normal', ttl = '0s' } = message.android
  if (!/^(normal|high)$/i.test(priority)) return failure(400, 'INVALID_ARGUMENT', 'Invalid priority')
  const [, seconds] = /^(\d+)s$/.exec(ttl) ?? []
  if (seconds === undefined || Number(seconds) > MAX_TTL)
    return failure(400, 'INVALID_ARGUMENT', 'Invalid TTL')
  if (message.token.startsWith('malformed'))
    return failure(400, 'INVALID_ARGUMENT', 'The registration token is not a valid FCM registration token')
  if (unregistered.has(message.token)) return failure(404, 'UNREGISTERED', 'Requested entity was not found.')
  return answer(200, {
    headers: { 'content-type': 'application/json' },
    body: { name: `projects/${PROJECT_ID}/messages/0:${Date.now()}` },
  })
}

/** Keys that FCM keeps for itself in a data message. */
function reserved(key: string): boolean {
  return key === 'from' || key === 'message_type' || /^(google|gcm)/.test(key)
}

/** Google's general codes (google.rpc.Code) that go with FCM's own where the two differ. */
const GENERAL: Readonly<Record<string, string>> = {
  UNREGISTERED: 'NOT_FOUND',
  SENDER_ID_MISMATCH: 'PERMISSION_DENIED',
  QUOTA_EXCEEDED: 'RESOURCE_EXHAUSTED',
  THIRD_PARTY_AUTH_ERROR: 'UNAUTHENTICATED',
}

const FCM_CODES: ReadonlySet<string> = new Set([
  'UNSPECIFIED_ERROR',
  'INVALID_ARGUMENT',
  'UNREGISTERED',
  'SENDER_ID_MISMATCH',
  'QUOTA_EXCEEDED',
  'UNAVAILABLE',
  'INTERNAL',
  'THIRD_PARTY_AUTH_ERROR',
])

function failure(status: number, code: string, message: string, headers: Record<string, string> = {}): Reply {
  const type = 'type.googleapis.com/google.firebase.fcm.v1.FcmError'
  const details = FCM_CODES.has(code) ? [{ '@type': type, errorCode: code }] : []
  return answer(status, {
    headers: { 'content-type': 'application/json', ...headers },
    body: { error: { code: status, message, status: GENERAL[code] ?? code, details } },
  })
}

/** RFC 7523 §2.1: an access token for a JWT of the service account. */
function grant(form: URLSearchParams, publicKey: string, tokens: AccessTokens, lifeS: number): Reply {
  const headers = { 'content-type': 'application/json' }
  const fault =
    form.get('grant_type') === GRANT ? assertionFault(form.get('assertion') ?? '', publicKey) : 'grant_type'
  if (fault !== undefined)
    return answer(400, { headers, body: { error: 'invalid_grant', error_description: `Invalid ${fault}.` } })
  return answer(200, {
    headers,
    body: { access_token: tokens.grant(lifeS), expires_in: lifeS, token_type: 'Bearer' },
  })
}

/** What is wrong with the JWT, by what Google documents for service accounts. */
function assertionFault(assertion: string, publicKey: string): string | undefined {
  const [head, claims, signature] = assertion.split('.')
  if (head === undefined || claims === undefined || signature === undefined) return 'JWT'
  const signed = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    createPublicKey(publicKey),
    Buffer.from(signature, 'base64url'),
  )
  if (!signed) return 'JWT Signature'
  const { alg, typ, kid } = fromBase64Json(head)
  const { iss, scope, aud, iat, exp } = fromBase64Json(claims)
  if (alg !== 'RS256' || typ !== 'JWT' || kid !== KEY_ID) return 'JWT header'
  if (iss !== CLIENT_EMAIL) return 'issuer'
  if (scope !== SCOPE) return 'scope'
  if (aud !== TOKEN_URI) return 'audience'
  const now = Date.now() / 1000
  if (typeof iat !== 'number' || typeof exp !== 'number') return 'times'
  return iat <= now + 60 && exp > now && exp - iat <= 3600 ? undefined : 'times'
}

function fromBase64Json(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>
}
