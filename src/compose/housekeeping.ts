import type { Log } from '../ports/log.js'

/** How often what has expired is deleted, ms; it is passed over at once. */
export const FORGET_MS = 60_000

/**
 * Does the work every `ms` milliseconds until the returned function is called; what fails is for the next time.
 *
 * @param failed what the log says then
 */
export function every(
  ms: number,
  work: () => Promise<unknown>,
  log: Log,
  failed = 'what has expired could not be deleted',
): () => void {
  const timer = setInterval(() => {
    work().catch((error: unknown) => log.warn({ err: error }, failed))
  }, ms)
  return () => clearInterval(timer)
}
