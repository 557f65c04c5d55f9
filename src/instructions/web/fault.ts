/** Why a request has no answer that can be used. */
export type WebFaultKind =
  /** It leads to a network that requests may not go to, or goes without TLS where that is not allowed. */
  | 'forbidden'
  /** No such host, nobody there, a connection that broke, a certificate that is not good. */
  | 'unreachable'
  | 'slow'
  | 'status'
  | 'too-large'
  | 'redirects'
  | 'type'
  /** It was given up: nobody waits for it any more. */
  | 'aborted'

export class WebFault extends Error {
  override readonly name = 'WebFault'

  constructor(
    readonly kind: WebFaultKind,
    message: string,
    /** Another attempt may well succeed. */
    readonly passing = false,
  ) {
    super(message)
  }
}
