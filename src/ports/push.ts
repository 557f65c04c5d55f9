/** A push service's side of one device: what RFC 8599 calls pn-provider, pn-prid and pn-param. */
export interface PushTarget {
  readonly provider: string
  /** The device token. */
  readonly token: string
  readonly param?: string
}

/** What a push carries to a device; each adapter lays it out as its service wants it. */
export interface PushMessage {
  readonly device: { readonly id: string } & PushTarget
  /**
   * Wake for a call, the ending of a call that was pushed, a refresh of the registration (RFC 8599 §5.5), an
   * invitation to connect peer to peer and what came of it, the instruction to reject a cell call, or another edge to
   * register on because that of its region is lost.
   */
  readonly kind:
    | 'call'
    | 'ended'
    | 'refresh'
    | 'invitation'
    | 'invitation-connected'
    | 'invitation-ended'
    | 'primary-instruction'
    | 'rehome'
  /** JSON that the app receives as it is. */
  readonly payload: Readonly<Record<string, unknown>>
  /** After this the push is of no use any more; microseconds since the epoch. */
  readonly expiresAt: number
  /** Later pushes with the same key replace earlier ones that are still undelivered. */
  readonly collapseKey?: string
}

/** What came of one attempt to push. */
export type PushOutcome =
  /** The service took it. `id`: its name for it, for the log. */
  | { readonly kind: 'delivered'; readonly id?: string }
  /** The token is dead: 410, Unregistered, 404. Retire it at once. */
  | { readonly kind: 'gone'; readonly detail: string }
  /** Try again, not before `afterMs` where the service named it: 429, 5xx, a lost connection. */
  | { readonly kind: 'retry'; readonly afterMs?: number; readonly detail: string }
  /** It will never take this push, but the token may be good: bad credentials, payload too large. */
  | { readonly kind: 'refused'; readonly detail: string }

export interface PushSender {
  /** One attempt, no retries. Never rejects, but for an abort by `signal`. */
  send(message: PushMessage, signal: AbortSignal): Promise<PushOutcome>
  /** Whether this service can tell an app the ending of a call by a push (VoIP pushes of APNs cannot). */
  readonly tellsEndings: boolean
  close(): Promise<void>
}
