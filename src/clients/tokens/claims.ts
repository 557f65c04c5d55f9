import { type Grants, readGrants } from './grants.js'

export {
  type Grant,
  GRANTS,
  granted,
  type Grants,
  type OutgoingGrant,
  PLAIN_GRANTS,
  type PresenceGrant,
} from './grants.js'

/** What tokens say. Times: microseconds since the epoch. */

/** Opens one call for one device, until the hold of the call ends. */
export interface CallClaims {
  readonly callId: string
  readonly deviceId: string
  readonly user: string
  readonly jti: string
  readonly expiresAt: number
}

/** Lets an app act for its user. */
export interface ClientClaims {
  /** Name of the client: whose token it is. */
  readonly client: string
  /** Whom it acts for: a user of the configuration, or, where it may be called, a client of its own. */
  readonly user: string
  /** The one device that the token is for, where it is for one. */
  readonly deviceId?: string
  readonly grants: Grants
  /** Its id, by which it can be revoked. */
  readonly jti: string
  /** Zero where the token does not say: older than any instant from which the client's tokens are revoked. */
  readonly issuedAt: number
  readonly expiresAt: number
}

/** Opens one invitation for one device. */
export interface InvitationClaims {
  readonly invitationId: string
  readonly deviceId: string
  readonly jti: string
  readonly expiresAt: number
}

export type TokenFault =
  | 'missing'
  | 'malformed'
  | 'expired'
  | 'not-yet'
  | 'bad-signature'
  | 'unknown-key'
  | 'wrong-audience'
  | 'revoked'
  | 'used'

/** The claims that a token carries beside `aud`, `exp` and `jti`; the names are part of the API (docs/tokens.md). */
export type Payload = Readonly<Record<string, unknown>>

/** Ids end up as keys in the database, whose index has room for so much and more. */
const LONGEST_ID = 256

export function callPayload({ user, callId, deviceId }: Omit<CallClaims, 'jti' | 'expiresAt'>): Payload {
  return { sub: user, call: callId, device: deviceId }
}

export function readCall(payload: Payload): CallClaims | undefined {
  const [user, callId, deviceId] = [idOf(payload, 'sub'), idOf(payload, 'call'), idOf(payload, 'device')]
  const life = readLife(payload)
  if (user === undefined || callId === undefined || deviceId === undefined || !life) return undefined
  return { user, callId, deviceId, ...life }
}

export function clientPayload({
  client,
  user,
  deviceId,
  grants,
}: Omit<ClientClaims, 'jti' | 'issuedAt' | 'expiresAt'>): Payload {
  return { sub: client, user, ...(deviceId === undefined ? {} : { device: deviceId }), grants }
}

export function readClient(payload: Payload): ClientClaims | undefined {
  const [client, user] = [idOf(payload, 'sub'), idOf(payload, 'user')]
  const deviceId = idOf(payload, 'device')
  const life = readLife(payload)
  const issuedAt = readInstant(payload['iat'] ?? 0)
  // A device that cannot be read must not become a token for any device.
  if (payload['device'] !== undefined && deviceId === undefined) return undefined
  if (client === undefined || user === undefined || !life || issuedAt === undefined) return undefined
  const grants = readGrants(payload['grants'], user)
  if (!grants) return undefined
  return { client, user, ...(deviceId === undefined ? {} : { deviceId }), grants, issuedAt, ...life }
}

export function invitationPayload({
  invitationId,
  deviceId,
}: Omit<InvitationClaims, 'jti' | 'expiresAt'>): Payload {
  return { invitation: invitationId, device: deviceId }
}

export function readInvitation(payload: Payload): InvitationClaims | undefined {
  const [invitationId, deviceId] = [idOf(payload, 'invitation'), idOf(payload, 'device')]
  const life = readLife(payload)
  return invitationId === undefined || deviceId === undefined || !life
    ? undefined
    : { invitationId, deviceId, ...life }
}

function readLife({ exp, jti }: Payload): { readonly jti: string; readonly expiresAt: number } | undefined {
  const expiresAt = readInstant(exp)
  return expiresAt === undefined || !isId(jti) ? undefined : { jti, expiresAt }
}

/** A NumericDate (RFC 7519 §2), in microseconds. */
function readInstant(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? Math.round(seconds * 1_000_000) : undefined
}

function idOf(payload: Payload, name: string): string | undefined {
  const value = payload[name]
  return isId(value) ? value : undefined
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_ID
}
