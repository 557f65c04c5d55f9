/** A Reason header value, as an optional field of an event or ending. */
export function because(reason: string | undefined): { readonly reason?: string } {
  return reason === undefined ? {} : { reason }
}
