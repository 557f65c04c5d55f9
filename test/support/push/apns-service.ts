import { createPublicKey, generateKeyPairSync, randomUUID, verify } from 'node:crypto'
import {
  constants,
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
  /** The next requests lose their connection once their headers are in, ahead of their body. */
  cutUploads(count: number): void
  /**
   * Says GOAWAY on every connection, as APNs does for maintenance, with a reason in its debug data. Requests in
   * flight go on to their answer; or they are `refused`, as ones that were never looked at, but for the first of a
   * connection; or they are `lost`, the connection going down with them.
   */
  goAway(inFlight?: 'served' | 'refused' | 'lost'): void
  /** What the service thinks of a provider token: how long it is good for, seconds; an hour as at Apple. */
  providerTokenLifeS: number
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
  const sessions = new Map<ServerHttp2Session, { readonly number: number; lastStream: number }>()
  let connected = 0
  let uploadsToCut = 0

  const server = createSecureServer({ key: standInIdentity.key, cert: standInIdentity.cert })
  server.on('session', (session) => {
    sessions.set(session, { number: ++connected, lastStream: 0 })
    session.on('close', () => sessions.delete(session))
    // A client that resets its connection is no error of the stand-in's.
    session.on('error', () => session.destroy())
  })
  server.on('stream', (stream, headers) => {
    const connection = sessions.get(stream.session as ServerHttp2Session) ?? { number: 0, lastStream: 0 }
    connection.lastStream = stream.id ?? 0
    stream.on('error', () => stream.destroy())
    if (uploadsToCut > 0) {
      uploadsToCut--
      stream.session?.destroy()
      return
    }
    serve(stream, headers, connection.number).catch(() => stream.destroy())
  })

  async function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: number) {
    const text = await readBody(stream)
    const push = received(headers, text, connection)
    inbox.add(push)
    const reply = script.decide(push, () =>
      judge(push, { publicKey, unregistered, tokenLifeS: service.providerTokenLifeS }),
    )
    await perform(reply, stream)
  }

  const port = await listen(server)
  const service: ApnsService = {
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
    providerTokenLifeS: 3600,
    cutUploads: (count) => (uploadsToCut = count),
    goAway: (inFlight = 'served') => {
      for (const [session, { lastStream }] of sessions) goAway(session, lastStream, inFlight)
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const session of sessions.keys()) session.destroy()
      })
    },
  }
  return service
}

/** The first request of a connection; all that came later count as never looked at (RFC 9113 §6.8). */
const FIRST = 1

function goAway(
  session: ServerHttp2Session,
  lastStream: number,
  inFlight: 'served' | 'refused' | 'lost',
): void {
  const why = Buffer.from(JSON.stringify({ reason: 'Shutdown' }))
  session.goaway(constants.NGHTTP2_NO_ERROR, inFlight === 'refused' ? FIRST : lastStream, why)
  if (inFlight === 'lost') session.destroy()
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

interface Judge {
  readonly publicKey: string
  readonly unregistered: ReadonlySet<string>
  readonly tokenLifeS: number
}

/** What APNs itself would say, in the order in which it looks. */
function judge(push: ReceivedApnsPush, { publicKey, unregistered, tokenLifeS }: Judge): Reply {
  const field = (name: string): string => String(push.headers[name] ?? '')
  const topic = field('apns-topic')
  const path = /^\/3\/device\/(.*)$/.exec(push.path)
  if (push.headers[':method'] !== 'POST') return reason(405, 'MethodNotAllowed')
  if (path === null) return reason(404, 'BadPath')
  const fault = providerTokenFault(push.headers.authorization, publicKey, tokenLifeS)
  if (fault !== undefined) return reason(403, fault)
  if (path[1] === '') return reason(400, 'MissingDeviceToken')
  if (topic === '') return reason(400, 'MissingTopic')
  if (topic !== `${BUNDLE_ID}.voip`) return reason(400, 'DeviceTokenNotForTopic')
  if (field('apns-push-type') !== 'voip') return reason(400, 'InvalidPushType')
  if (!/^(10|5|1)?$/.test(field('apns-priority'))) return reason(400, 'BadPriority')
  if (!/^\d*$/.test(field('apns-expiration'))) return reason(400, 'BadExpirationDate')
  if (Buffer.byteLength(field('apns-collapse-id')) > 64) return reason(400, 'BadCollapseId')
  if (!/^[0-9a-f]+$/i.test(push.token)) return reason(400, 'BadDeviceToken')
  if (push.payload === null) return reason(400, 'PayloadEmpty')
  if (Buffer.byteLength(push.text) > MAX_PAYLOAD) return reason(413, 'PayloadTooLarge')
  if (unregistered.has(push.token)) return reason(410, 'Unregistered', { timestamp: Date.now() })
  return answer(200, { headers: { 'apns-id': randomUUID() } })
}

function reason(status: number, text: string, more: object = {}): Reply {
  return answer(status, { headers: { 'apns-id': randomUUID() }, body: { reason: text, ...more } })
}

/** The reason that APNs gives where the header is no good JWT of the team, signed with ES256 (RFC 7518 §3.4). */
function providerTokenFault(
  authorization: string | undefined,
  publicKey: string,
  lifeS: number,
): string | undefined {
  if (authorization === undefined) return 'MissingProviderToken'
  const [head, claims, signature] = authorization.replace(/^bearer /i, '').split('.')
  if (head === undefined || claims === undefined || signature === undefined) return 'InvalidProviderToken'
  const { alg, kid } = fromBase64Json(head)
  const { iss, iat } = fromBase64Json(claims)
  const key = { key: createPublicKey(publicKey), dsaEncoding: 'ieee-p1363' as const }
  const signed = verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))
  if (!signed || alg !== 'ES256' || kid !== KEY_ID || iss !== TEAM_ID || typeof iat !== 'number')
    return 'InvalidProviderToken'
  const age = Date.now() / 1000 - iat
  if (age < -60) return 'InvalidProviderToken'
  return age >= lifeS ? 'ExpiredProviderToken' : undefined
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
    case 'break':
      stream.respond({ ':status': reply.status })
      stream.write('{"rea', () => stream.session?.destroy())
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
