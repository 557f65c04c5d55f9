/**
 * Why and how a call ended: one record that feeds the SIP response, the log line, the metric and the row.
 */

export type EndingCause =
  /** A bridged call, hung up by one side. */
  | 'hung-up'
  /** The caller gave up before anybody answered. */
  | 'cancelled'
  /** Nobody answered before the hold deadline. */
  | 'no-answer'
  /** A device accepted, and then did not come to the call in time. */
  | 'no-second-response'
  /** No device could be reached: every push was refused and nothing is registered. */
  | 'unreachable'
  /** The subscriber answered on the cell phone that rang. */
  | 'answered-on-primary'
  /** The cell phone was to reject its call, and the carrier did not forward it to us. */
  | 'not-forwarded'
  | 'busy'
  | 'declined'
  /** Nothing is configured under the number that was called. */
  | 'not-found'
  /** No codec or transport in common. */
  | 'not-acceptable'
  /** An answer came, but the two legs could not be joined. */
  | 'connect-failed'
  /** Neither side sent media for longer than the limit. */
  | 'media-timeout'
  /** The SIP or media engine that carried the call went away. */
  | 'engine-lost'
  /** The server is shutting down. */
  | 'drained'
  /** The server died while the call lived; written by the next start. */
  | 'interrupted'
  /** A destination answered with a status that is none of the above; see `status`. */
  | 'failed'

export type EndedBy = 'caller' | 'callee' | 'server'

export interface Ending {
  readonly cause: EndingCause
  readonly by: EndedBy
  /** The final status that the caller got or would have got; 200 for a call that was bridged. */
  readonly status: number
  /** A Reason header value that travelled with the ending (RFC 3326), passed on as it came. */
  readonly reason?: string
  /** One sentence for the log and the row. */
  readonly detail?: string
}

/** RFC 3326 §3.1: another branch answered, so no missed call is to be shown. */
export const COMPLETED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'

const STATUS: Record<EndingCause, number> = {
  'hung-up': 200,
  cancelled: 487,
  'no-answer': 480,
  'no-second-response': 480,
  unreachable: 480,
  'answered-on-primary': 200,
  'not-forwarded': 480,
  busy: 486,
  declined: 603,
  'not-found': 404,
  'not-acceptable': 488,
  'connect-failed': 500,
  'media-timeout': 200,
  'engine-lost': 503,
  drained: 503,
  interrupted: 503,
  failed: 500,
}

/** Builds an ending with the status that its cause stands for, unless another is given. */
export function ending(
  cause: EndingCause,
  by: EndedBy,
  more: Partial<Omit<Ending, 'cause' | 'by'>> = {},
): Ending {
  return { cause, by, status: STATUS[cause], ...more }
}

const CAUSE_OF_STATUS: Record<number, EndingCause> = {
  404: 'not-found',
  480: 'no-answer',
  486: 'busy',
  488: 'not-acceptable',
  600: 'busy',
  603: 'declined',
  606: 'not-acceptable',
  607: 'declined',
}

/** The ending that a destination's final status (3xx to 6xx) stands for. */
export function endingOfStatus(
  status: number,
  by: EndedBy,
  more: Partial<Omit<Ending, 'cause' | 'by'>> = {},
): Ending {
  return { cause: CAUSE_OF_STATUS[status] ?? 'failed', by, status, ...more }
}

/** The caller's CANCEL; its Reason is passed on (RFC 3326 §2). */
export function cancelled(reason: string | undefined): Ending {
  return ending('cancelled', 'caller', reason === undefined ? {} : { reason })
}

/** A BYE; its Reason is passed on to the other side. `status`: what the caller got or would have got. */
export function hungUp(by: EndedBy, reason: string | undefined, status: number): Ending {
  return ending('hung-up', by, reason === undefined ? { status } : { status, reason })
}

/**
 * The Reason header for a leg that is cancelled or hung up because of this ending (RFC 3326 §2): the one that
 * came with it, or the status that the caller was given.
 */
export function reasonOf(end: Ending): string {
  return end.reason ?? `SIP;cause=${end.status};text="${REASON_TEXT[end.cause]}"`
}

const REASON_TEXT: Record<EndingCause, string> = {
  'hung-up': 'Normal call clearing',
  cancelled: 'Caller cancelled',
  'no-answer': 'No answer',
  'no-second-response': 'Accepted, but not connected in time',
  unreachable: 'No device could be reached',
  'answered-on-primary': 'Call completed elsewhere',
  'not-forwarded': 'The call was not forwarded',
  busy: 'Busy',
  declined: 'Declined',
  'not-found': 'Not found',
  'not-acceptable': 'Not acceptable here',
  'connect-failed': 'The legs could not be joined',
  'media-timeout': 'Media timeout',
  'engine-lost': 'Server lost',
  drained: 'Server shutting down',
  interrupted: 'Server restarted',
  failed: 'Call failed',
}
