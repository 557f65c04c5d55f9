import { ending, reasonOf } from '../call/ending.js'

/** Reason of a leg that its device hung up by API, as a BYE would have it (RFC 3326). */
export const HUNG_UP = reasonOf(ending('hung-up', 'callee'))

/** A Reason header value, as an optional field of an event or ending. */
export function because(reason: string | undefined): { readonly reason?: string } {
  return reason === undefined ? {} : { reason }
}
