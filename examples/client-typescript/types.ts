/** What the API takes and answers, as `/openapi.json` of a server has it. Times: RFC 3339. */

/** A call as one of its devices sees it. */
export interface Call {
  readonly id: string
  readonly state: 'ringing' | 'accepted' | 'connecting' | 'bridged' | 'ended'
  /** Whether this device is the one that accepted or answered. */
  readonly yours: boolean
  readonly caller: string
  readonly callerName: string | null
  readonly callee: string
  readonly startedAt: string
  readonly expiresAt: string | null
  readonly ending: Ending | null
}

export interface Ending {
  /** `hung-up`, `cancelled`, `no-answer`, `busy`, `declined`, …: more may come. */
  readonly cause: string
  readonly by: 'caller' | 'callee' | 'server'
  /** SIP status. */
  readonly status: number
  /** SIP Reason header (RFC 3326). */
  readonly reason?: string | undefined
  readonly detail?: string | undefined
}

export type Decline =
  | { readonly reason: 'busy' | 'reject' }
  | { readonly reason: 'message'; readonly message: string }
  | { readonly reason: 'redirect'; readonly to: RedirectTarget }
export type RedirectTarget = { readonly user: string } | { readonly number: string }

export interface DeviceSettings {
  /** Name of a push service of the server's configuration. */
  readonly provider: string
  readonly token: string
  readonly param?: string | undefined
  /** `+sip.instance` that the app registers with: `urn:uuid:…`. */
  readonly instance?: string | undefined
}

export interface Device {
  readonly id: string
  readonly user: string
  readonly provider: string | null
  readonly instance: string | null
  readonly createdAt: string
  readonly seenAt: string
}

/** What a push or the channel brings for a call; docs/push.md has all of it. */
export interface IncomingCall {
  readonly callId: string
  /** Call-ID of the INVITE that may come by SIP: it is the same call. */
  readonly sipCallId: string
  /** The call token. */
  readonly token: string
  readonly caller: string
  readonly callerName?: string
  readonly callee: string
  /** SIP URI to register on, or to call in to. */
  readonly edge: string
  /** Base URL of this API. */
  readonly api: string
  readonly expiresAt: string
  /** SDP offer of the server, where the user's configuration has one sent. */
  readonly offer?: string
}

/** Connection data of an invitation: the server passes it on as it is. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export interface InvitationDraft {
  readonly endpoints: readonly { readonly user: string }[]
  readonly connection: Json
  readonly note?: string
  /** Seconds. */
  readonly expires?: number
  /** Where the token is for no device: the device whose channel is told of the answers. */
  readonly device?: string
}

export type InvitationState = 'open' | 'connected' | 'cancelled' | 'expired' | 'declined' | 'unreachable'

interface CommonInvitation {
  readonly id: string
  readonly state: InvitationState
  readonly createdAt: string
  readonly expiresAt: string
  readonly note?: string
}

/** An invitation as its initiator sees it. */
export interface Invitation extends CommonInvitation {
  readonly endpoints: readonly { readonly user: string }[]
  /** How many devices were told. */
  readonly invited: number
  /** Those that have answered, with their connection data where they accepted. */
  readonly devices: readonly {
    readonly id: string
    readonly user: string
    readonly state: 'invited' | 'unreachable' | 'accepted' | 'declined' | 'connected' | 'ended'
    readonly connection?: Json
    readonly reason?: string | null
    readonly detail?: string
  }[]
}

/** An invitation as an invited device sees it. */
export interface ReceivedInvitation extends CommonInvitation {
  /** User of the initiator. */
  readonly initiator: string
  readonly connection: Json
  readonly device: { readonly state: Invitation['devices'][number]['state'] }
}

/** Numbered messages of the server, by channel or long poll. More types may come. */
export type ServerMessage = { readonly seq: number } & (
  | ({ readonly type: 'incoming-call' } & IncomingCall)
  | { readonly type: 'ended'; readonly callId: string; readonly reason: string }
  | {
      readonly type: 'invitation'
      readonly invitation: string
      readonly token: string
      readonly initiator: string
      readonly connection: Json
      readonly note?: string
      readonly expiresAt: string
    }
  | { readonly type: 'invitation-connected'; readonly invitation: string }
  | { readonly type: 'invitation-ended'; readonly invitation: string; readonly why: string }
  | {
      readonly type: 'invitation-accepted'
      readonly invitation: string
      readonly device: string
      readonly user: string
      readonly connection: Json
    }
  | {
      readonly type: 'invitation-declined'
      readonly invitation: string
      readonly device: string
      readonly user: string
      readonly reason?: string
    }
)
