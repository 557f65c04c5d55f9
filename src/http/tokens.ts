/** What the API needs of tokens. Times: microseconds since the epoch. */

/** One call, for one device. */
export interface CallClaims {
  readonly callId: string
  readonly deviceId: string
  readonly user: string
  readonly jti: string
  readonly expiresAt: number
}

export interface Grants {
  readonly register?: boolean
  readonly devices?: boolean
  readonly invitations?: boolean
  readonly channel?: boolean
}
export type Grant = keyof Grants

/** An app of a user. */
export interface ClientClaims {
  readonly client: string
  readonly user: string
  readonly deviceId?: string
  readonly grants: Grants
  readonly jti: string
  readonly expiresAt: number
}

/** One invitation, for one device. */
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

type Checked<Claims> = Promise<Claims | { readonly fault: TokenFault }>

export interface TokenVerifier {
  /** `leewayMs`: for how long after its expiry the token is taken. */
  verifyCall(token: string, leewayMs?: number): Checked<CallClaims>
  verifyClient(token: string): Checked<ClientClaims>
  verifyInvitation(token: string): Checked<InvitationClaims>
}
