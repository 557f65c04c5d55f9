/** What makes client tokens worthless before they expire. `at`: microseconds since the epoch. */
export type Revocation =
  /** The token with this id (`jti`). */
  | { readonly kind: 'token'; readonly id: string; readonly at: number }
  /** The tokens of this client that were issued by then. */
  | { readonly kind: 'client'; readonly client: string; readonly at: number }

/** What was revoked, for every node and for ever: when a token expires only its maker knows. */
export interface RevocationStore {
  /** Written when the promise resolves. Of two of one client the later instant counts. */
  revoke(revocation: Revocation): Promise<void>
  /**
   * What was written since `mark`, which an earlier answer gave; everything where it is 0. Some may come twice, and
   * none is missed.
   */
  revocations(mark: number): Promise<Revoked>
}

export interface Revoked {
  readonly revocations: readonly Revocation[]
  /** For the next question. */
  readonly mark: number
}
