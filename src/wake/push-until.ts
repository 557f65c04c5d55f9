import type { Clock } from '../ports/clock.js'
import type { PushMessage, PushOutcome, PushSender } from '../ports/push.js'
import { type Backoff, delayMs } from './backoff.js'

/** How it ended with a push, retries and all. `attempts`: how often the service was asked. */
export type PushResult =
  | { readonly kind: 'delivered'; readonly attempts: number; readonly id?: string }
  | {
      readonly kind: 'refused'
      readonly attempts: number
      /** The token is dead. */
      readonly gone: boolean
      readonly detail: string
    }

export interface PushRun {
  readonly sender: PushSender
  readonly message: PushMessage
  /** Nothing is tried any more from here on; microseconds since the epoch. */
  readonly deadline: number
  /** Its reason, a text, becomes the detail of the result. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly backoff: Backoff
  readonly random: () => number
  /** Before the wait for another attempt. */
  retrying(attempt: number, delayMs: number, detail: string): void
}

/**
 * Pushes until the service takes it or will not have it, `signal` is aborted, or no further attempt fits before the
 * deadline. The first attempt has begun when this returns. Never rejects.
 */
export async function pushUntil(run: PushRun): Promise<PushResult> {
  const { clock, deadline, signal } = run
  if (signal.aborted) return { kind: 'refused', gone: false, detail: String(signal.reason), attempts: 0 }
  for (let attempts = 1; ; attempts++) {
    const outcome = await attempt(run)
    switch (outcome.kind) {
      case 'delivered':
        return { attempts, ...outcome }
      case 'gone':
        return { kind: 'refused', gone: true, detail: outcome.detail, attempts }
      case 'refused':
        return { kind: 'refused', gone: false, detail: outcome.detail, attempts }
      case 'retry': {
        const wait = delayMs(run.backoff, attempts, outcome.afterMs, run.random())
        if (clock.now() + wait * 1000 >= deadline) {
          const detail = `no time for another attempt in ${wait} ms: ${outcome.detail}`
          return { kind: 'refused', gone: false, detail, attempts }
        }
        run.retrying(attempts, wait, outcome.detail)
        if (!signal.aborted) await pause(clock, wait, signal)
        if (signal.aborted) return { kind: 'refused', gone: false, detail: String(signal.reason), attempts }
        break
      }
      default:
        return outcome satisfies never
    }
  }
}

/** One attempt; an abort ends it at once, even where the sender does not heed it. */
async function attempt({ sender, message, signal }: PushRun): Promise<PushOutcome> {
  const stopped = (): PushOutcome => ({ kind: 'refused', detail: String(signal.reason) })
  let aborted = (): void => undefined
  const abort = new Promise<PushOutcome>((resolve) => {
    aborted = () => resolve(stopped())
    signal.addEventListener('abort', aborted)
  })
  try {
    return await Promise.race([abort, sender.send(message, signal)])
  } catch (error) {
    // A sender rejects for an abort only; anything else is a defect of it, which no retry mends.
    return signal.aborted ? stopped() : { kind: 'refused', detail: `push failed: ${String(error)}` }
  } finally {
    signal.removeEventListener('abort', aborted)
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done)
  })
}
