import { MediaError, type MediaErrorCode } from '../../ports/media.js'
import type { SipError } from './srf.js'

/** What FreeSWITCH means by a final answer to an INVITE of ours. */
const CODES: Readonly<Record<number, MediaErrorCode>> = {
  415: 'not-acceptable',
  488: 'not-acceptable',
  606: 'not-acceptable',
  // No session, port or codec instance to be had; also the answer of a server that is paused.
  480: 'exhausted',
  486: 'exhausted',
  500: 'exhausted',
  503: 'exhausted',
}

/** Says what the libraries reject with, once, in the port's words. */
export function toMediaError(error: unknown): MediaError {
  if (error instanceof MediaError) return error
  if (isSipError(error)) {
    return new MediaError(CODES[error.status] ?? 'lost', `FreeSWITCH answered ${error.status}`)
  }
  return new MediaError('lost', error instanceof Error ? error.message : String(error))
}

export function isSipError(error: unknown): error is SipError {
  return error instanceof Error && typeof (error as Partial<SipError>).status === 'number'
}

/** An answer to a request inside a dialog that is no 2xx. */
export function sipError(status: number): SipError {
  return Object.assign(new Error(`SIP status ${status}`), { status })
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(JSON.stringify(error))
}
