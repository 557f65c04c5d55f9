import type { ToldCaller } from '../../ports/client-calls.js'
import type { Expiry, ToldInitiator, ToldInvited } from '../../ports/invitation-messages.js'
import type { ToldPrimary } from '../../ports/primary-calls.js'
import type { CallState, InvitationJson, PresenceJson } from './views.js'
import type { Ref } from './client-message.js'

/** What a client is told under a number, on the channel and by long poll. Times: ISO 8601. */
export type Told =
  /** What a push of `kind: call` carries, token included. */
  | ({ readonly type: 'incoming-call' } & Expiry & Readonly<Record<string, unknown>>)
  /** What a push of `kind: ended` carries. */
  | ({ readonly type: 'ended' } & Readonly<Record<string, unknown>>)
  | ToldInvited
  | ToldInitiator
  | ToldPrimary
  | ToldCaller

/** What is sent without a number, on a channel only. */
export type Unnumbered =
  | {
      readonly type: 'welcome'
      readonly client: string
      readonly device?: string
      /** Number of the last message that there is; those after `from` follow. */
      readonly last: number
      readonly from: number
      /** Messages that were dropped for want of room since the last welcome: ask the API how things stand. */
      readonly lost: number
    }
  /** Of each user, the last there is; what comes between may be left out. */
  | ({ readonly type: 'presence' } & PresenceJson)
  | { readonly type: 'pong'; readonly ref?: NonNullable<Ref> }
  | Result

export type Result = { readonly type: 'result'; readonly ref?: NonNullable<Ref> } & (
  | {
      readonly ok: true
      readonly call?: CallState
      readonly invitation?: InvitationJson
      /** Answers a new offer. */
      readonly sdp?: string
      /** Of the presence that was set. */
      readonly version?: number
    }
  | { readonly ok: false; readonly problem: ChannelProblem }
)

/** As in the HTTP API: `/problems/call-ended`. */
export interface ChannelProblem {
  readonly type: `/problems/${string}`
  readonly detail: string
  /** Seconds. */
  readonly retryAfter?: number
}
