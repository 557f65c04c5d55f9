import { SipFailure } from '../../ports/signaling.js'
import { headerLines } from './headers.js'
import type { SipError } from './srf.js'

/** Translates what drachtio-srf rejects with, once, into a status of ours. */
export function toFailure(error: unknown): SipFailure {
  if (error instanceof SipFailure) return error
  if (isSipError(error)) {
    const reason = error.res === undefined ? undefined : headerLines(error.res.raw).get('reason')?.join(', ')
    return new SipFailure(error.status, error.message, reason)
  }
  // The server refused to send: the message was unfit, or its transaction is gone.
  return new SipFailure(503, error instanceof Error ? error.message : String(error))
}

function isSipError(error: unknown): error is SipError {
  return error instanceof Error && typeof (error as Partial<SipError>).status === 'number'
}

/** Runs a callback-style request of drachtio-srf under a deadline; its callbacks never come once the server is gone. */
export function within<T>(
  ms: number,
  what: string,
  start: (done: (error: unknown, value?: T) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new SipFailure(408, `${what}: no answer in ${ms} ms`)), ms)
    // Nobody waits for the answer of a server that we have left.
    timer.unref()
    const done = (error: unknown, value?: T): void => {
      clearTimeout(timer)
      if (error) reject(toFailure(error))
      else resolve(value as T)
    }
    try {
      start(done)
    } catch (error) {
      done(error)
    }
  })
}
