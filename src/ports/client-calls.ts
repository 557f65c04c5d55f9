import type { Ending } from '../call/ending.js'
import type { ClientAddress } from './client-messages.js'

/** What a client may call, and what it may show. */
export interface CallingPolicy {
  /** Patterns of numbers, and `user:`, `client:` or `group:` with a name or `*`. */
  readonly to: readonly string[]
  /** The one trunk that calls to numbers may take. */
  readonly trunk?: string
  /** Numbers that may be shown to the callee; the first is shown where none is asked for. */
  readonly callerIds?: readonly string[]
  /** The most calls at once. */
  readonly calls?: number
}

/** Who calls by a channel. */
export interface ChannelCaller {
  readonly address: ClientAddress
  /** The name that it calls as. */
  readonly user: string
  /** Its token is of a client of its own, whose name no configuration needs to know. */
  readonly own: boolean
  /** Undefined where its token lets it call nobody. */
  readonly policy: CallingPolicy | undefined
}

export interface ChannelCallRequest {
  readonly to: string
  /** The client's offer. */
  readonly sdp: string
  /** A number to show, or `anonymous`. */
  readonly callerId?: string
  /** A name to show beside it. */
  readonly name?: string
}

/**
 * Calls that clients make over their channels, whichever node a call lives on. What becomes of a call is told in
 * messages of type {@link ToldCaller}.
 */
export interface ClientCalls {
  call(
    caller: ChannelCaller,
    request: ChannelCallRequest,
  ): Promise<{ kind: 'calling'; callId: string } | CallingRefusal>
  /** Whether the call lives here and is the client's. */
  owns(caller: Pick<ChannelCaller, 'address'>, callId: string): boolean
  /** Does something to a call of the client's. */
  command(
    caller: Pick<ChannelCaller, 'address'>,
    callId: string,
    command: CallerCommand,
  ): Promise<CallerDone | CallerRefusal>
}

export type CallerCommand =
  /** Cancels the call, or hangs it up. */
  | { readonly op: 'hang-up' }
  /** A new offer, as after a change of network. */
  | { readonly op: 'reoffer'; readonly sdp: string }
  /** Something for the other side, such as a key pressed (RFC 6086). */
  | { readonly op: 'info'; readonly contentType: string; readonly body: string }

export interface CallerDone {
  readonly kind: 'done'
  /** Our answer to a new offer. */
  readonly sdp?: string
}

export interface CallerRefusal {
  readonly kind: 'refused'
  /** `not-acceptable`: the SDP has nothing that we can serve; `not-connected`: nobody is there to hear it yet. */
  readonly why: 'not-found' | 'not-acceptable' | 'not-connected'
  readonly detail: string
}

export type CallingRefusalReason =
  | 'grant-missing'
  /** The caller names itself as somebody else. */
  | 'foreign-name'
  /** It is nobody's name or number, or no trunk leads there. */
  | 'destination-unknown'
  | 'destination-not-allowed'
  /** Nobody may call there. */
  | 'destination-blocked'
  | 'caller-id-not-allowed'
  /** Of the client, or to numbers that begin so. */
  | 'too-many-calls'
  | 'too-many-attempts'
  | 'unavailable'

export interface CallingRefusal {
  readonly kind: 'refused'
  readonly why: CallingRefusalReason
  readonly detail: string
  readonly retryAfterMs?: number
}

/** What a client is told of a call that it makes. */
export type ToldCaller =
  | {
      readonly type: 'call-progress'
      readonly callId: string
      readonly status: number
      readonly sdp?: string
    }
  | { readonly type: 'call-answered'; readonly callId: string; readonly sdp: string }
  | {
      readonly type: 'call-info'
      readonly callId: string
      readonly contentType: string
      readonly body: string
    }
  | { readonly type: 'call-ended'; readonly callId: string; readonly ending: Ending }
