import { type Ending, cancelled, ending } from '../call/ending.js'
import { MediaError } from '../ports/media.js'
import { SipFailure } from '../ports/signaling.js'
import { StoreUnavailable } from '../ports/store.js'
import { NoRoute } from '../routing/router.js'

/** What an error of a port means for the call: said here, once. */
export function endingOfFailure(error: unknown): Ending {
  if (error instanceof NoRoute) return error.ending
  const detail = error instanceof Error ? error.message : String(error)
  if (error instanceof MediaError) {
    return error.code === 'not-acceptable'
      ? ending('not-acceptable', 'server', { detail })
      : ending('failed', 'server', { status: 503, detail })
  }
  if (error instanceof SipFailure && error.status === 487) return cancelled(error.reason)
  if (error instanceof StoreUnavailable) return ending('failed', 'server', { status: 503, detail })
  return ending('connect-failed', 'server', { detail })
}
