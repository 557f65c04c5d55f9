import { createPublicKey, generateKeyPairSync, randomUUID, verify } from 'node:crypto'
import {
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { listen, readBody } from './http-stand-in.js'
import { standInIdentity } from './identity.js'
import { Inbox } from './inbox.js'
import { answer, bodyText, type Reply, Script } from './script.js'

export interface ReceivedApnsPush {
  readonly path: string
  /** The device token in the path. */
  readonly token: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly payload: Record<string, unknown> | null
  /** Which connection it came in on, counted from 1. */
  readonly connection: number
}

export interface ApnsService {
  readonly address: string
  readonly port: number
  readonly ca: string
  /** Credentials that the service accepts. */
  readonly key: string
  readonly keyId: string
  readonly teamId: string
  /** Apps whose pushes it takes: topics without `.voip`. */
  readonly bundleId: string
  /** Tokens that answer 410 Unregistered. */
  readonly unregistered: Set<string>
  readonly inbox: Inbox<ReceivedApnsPush>
  /** Without a word of it the service judges as APNs does. */
  readonly script: Script<ReceivedApnsPush>
  /** Says GOAWAY on every connection, as APNs does for maintenance. */
  goAway(): void
  close(): Promise<void>
}

const KEY_ID = 'ABC123DEFG'
const TEAM_ID = 'DEF123GHIJ'
const BUNDLE_ID = 'com.example.reveille'
/** The largest payload of a VoIP push, bytes. */
const MAX_PAYLOAD = 5120

/** Apple's push service: HTTP/2 over TLS, provider tokens, and the reasons that it gives. */
export async function startApnsService(): Promise<ApnsService> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const inbox = new Inbox<ReceivedApnsPush>()
  const script = new Script<ReceivedApnsPush>()
  const unregistered = new Set<string>()
  const sessions = new Map<ServerHttp2Session, number>()
  let connected = 0

  const server = createSecureServer({ key: standInIdentity.key, cert: standInIdentity.cert })
  server.on('session', (session) => {
    sessions.set(session, ++connected)
    session.on('close', () => sessions.delete(session))
    // A client that resets its connection is no error of the stand-in's.
    session.on('error', () => session.destroy())
  })
  server.on('stream', (stream, headers) => {
    const connection = sessions.get(stream.session as ServerHttp2Session) ?? 0
    stream.on('error', () => stream.destroy())
    serve(stream, headers, connection).catch(() => stream.destroy())
  })

  async function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: number) {
    const text = await readBody(stream)
    const push = received(headers, text, connection)
    inbox.add(push)
    const reply = script.decide(push, () => judge(push, publicKey, unregistered))
    await perform(reply, stream)
  }

  const port = await listen(server)
  return {
    address: '127.0.0.1',
    port,
    ca: standInIdentity.ca,
    key: privateKey,
    keyId: KEY_ID,
    teamId: TEAM_ID,
    bundleId: BUNDLE_ID,
    unregistered,
    inbox,
    script,
    goAway: () => {
      for (const session of sessions.keys()) session.goaway()
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const session of sessions.keys()) session.destroy()
      })
    },
  }
}

function received(headers: IncomingHttpHeaders, text: string, connection: number): ReceivedApnsPush {
  const path = String(headers[':path'])
  let payload: Record<string, unknown> | null
  try {
    payload = JSON.parse(text) as Record<string, unknown>
  } catch {
    payload = null
  }
  return { path, token: path.replace('/3/device/', ''), headers, text, payload, connection }
}

/** What APNs itself would say, in the order in which it looks. */
function judge(push: ReceivedApnsPush, publicKey: string, unregistered: ReadonlySet<string>): Reply {
  const topic = String(push.headers['apns-topic'] ?? '')
  if (push.headers[':method'] !== 'POST') return reason(405, 'MethodNotAllowed')
  if (!push.path.startsWith('/3/device/')) return reason(404, 'BadPath')
  if (push.headers.authorization === undefined) return reason(403, 'MissingProviderToken')
  if (!validProviderToken(push.headers.authorization, publicKey)) return reason(403, 'InvalidProviderToken')
  if (topic === '') return reason(400, 'MissingTopic')
  if (topic !== `${BUNDLE_ID}.voip`) return reason(400, 'DeviceTokenNotForTopic')
  if (push.headers['apns-push-type'] !== 'voip') return reason(400, 'InvalidPushType')
  if (!/^[0-9a-f]+$/i.test(push.token)) return reason(400, 'BadDeviceToken')
  if (push.payload === null) return reason(400, 'PayloadEmpty')
  if (Buffer.byteLength(push.text) > MAX_PAYLOAD) return reason(413, 'PayloadTooLarge')
  if (Buffer.byteLength(String(push.headers['apns-collapse-id'] ?? '')) > 64)
    return reason(400, 'BadCollapseId')
  if (unregistered.has(push.token)) return reason(410, 'Unregistered', { timestamp: Date.now() })
  return answer(200, { headers: { 'apns-id': randomUUID() } })
}

function reason(status: number, text: string, more: object = {}): Reply {
  return answer(status, { headers: { 'apns-id': randomUUID() }, body: { reason: text, ...more } })
}

/** A JWT of the team, signed with ES256 (RFC 7518 §3.4). */
function validProviderToken(authorization: string, publicKey: string): boolean {
  const [head, claims, signature] = authorization.replace(/^bearer /i, '').split('.')
  if (head === undefined || claims === undefined || signature === undefined) return false
  const parsed = { ...fromBase64Json(head), ...fromBase64Json(claims) }
  const key = { key: createPublicKey(publicKey), dsaEncoding: 'ieee-p1363' as const }
  return (
    parsed['alg'] === 'ES256' &&
    parsed['kid'] === KEY_ID &&
    parsed['iss'] === TEAM_ID &&
    verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))
  )
}

function fromBase64Json(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>
}

async function perform(reply: Reply, stream: ServerHttp2Stream): Promise<void> {
  switch (reply.kind) {
    case 'answer':
      await reply.after
      if (stream.destroyed) return
      stream.respond({ ':status': reply.status, ...reply.headers })
      stream.end(bodyText(reply.body))
      return
    case 'stall':
      stream.respond({ ':status': reply.status })
      stream.write(' ')
      return
    case 'drop':
      stream.session?.destroy()
      return
    case 'hang':
      return
    default:
      return reply satisfies never
  }
}
