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
  readonly serviceAccount: { project_id: string; client_email: string; private_key: string; type: string }
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
  /** An error answer in FCM's layout. */
  error(status: number, code: string, message: string, headers?: Record<string, string>): Reply
  close(): Promise<void>
}

const PROJECT_ID = 'reveille-test'
const CLIENT_EMAIL = 'push@reveille-test.iam.gserviceaccount.com'
const ACCESS_TOKEN = 'stand-in-access-token'
const MAX_PAYLOAD = 4096

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

  function decide(path: string, headers: IncomingHttpHeaders, text: string): Reply {
    if (path === '/token') {
      const form = new URLSearchParams(text)
      tokenInbox.add(form)
      return tokenScript.decide(form, () => grant(form, publicKey))
    }
    const push = { path, headers, message: (JSON.parse(text) as { message: FcmMessage }).message }
    inbox.add(push)
    return script.decide(push, () => judge(push, unregistered))
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
  return {
    host: '127.0.0.1',
    port,
    ca: standInIdentity.ca,
    serviceAccount: {
      type: 'service_account',
      project_id: PROJECT_ID,
      client_email: CLIENT_EMAIL,
      private_key: privateKey,
    },
    projectId: PROJECT_ID,
    unregistered,
    inbox,
    abandoned,
    script,
    tokenInbox,
    tokenScript,
    error: failure,
    close: () => closeServer(server),
  }
}

/** What FCM itself would say. */
function judge(push: ReceivedFcmPush, unregistered: ReadonlySet<string>): Reply {
  const { message } = push
  if (push.path !== `/v1/projects/${PROJECT_ID}/messages:send`)
    return failure(404, 'NOT_FOUND', 'No such path')
  if (push.headers.authorization !== `Bearer ${ACCESS_TOKEN}`)
    return failure(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials')
  const bad = Object.entries(message.data).find(([key, value]) => reserved(key) || typeof value !== 'string')
  if (bad) return failure(400, 'INVALID_ARGUMENT', `Invalid data payload key: ${bad[0]}`)
  if (Buffer.byteLength(JSON.stringify(message.data)) > MAX_PAYLOAD)
    return failure(400, 'INVALID_ARGUMENT', 'Android message is too big')
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

function failure(status: number, code: string, message: string, headers: Record<string, string> = {}): Reply {
  return answer(status, {
    headers: { 'content-type': 'application/json', ...headers },
    body: {
      error: {
        code: status,
        message,
        status: code,
        details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: code }],
      },
    },
  })
}

/** RFC 7523 §2.1: an access token for a JWT of the service account. */
function grant(form: URLSearchParams, publicKey: string): Reply {
  const [head, claims, signature] = (form.get('assertion') ?? '').split('.')
  const headers = { 'content-type': 'application/json' }
  const refused = answer(400, {
    headers,
    body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
  })
  if (head === undefined || claims === undefined || signature === undefined) return refused
  const { iss } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { iss: string }
  const signed = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    createPublicKey(publicKey),
    Buffer.from(signature, 'base64url'),
  )
  if (!signed || iss !== CLIENT_EMAIL) return refused
  return answer(200, {
    headers,
    body: { access_token: ACCESS_TOKEN, expires_in: 3600, token_type: 'Bearer' },
  })
}
