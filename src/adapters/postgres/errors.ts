import { StoreUnavailable } from '../../ports/store.js'

/**
 * SQLSTATE classes that blame the values of a statement: cardinality (21), data (22), integrity (23), size (54).
 * All the others say something of the database's state: our statements do not change, so that even a missing table
 * (42) is a database that has not been migrated.
 */
const BLAMES_THE_VALUES = new Set(['21', '22', '23', '54'])

/** What node-postgres says, without a code, when a connection is gone or does not answer in time. */
const CONNECTION_TROUBLE = /timeout|terminated|closed|not queryable|after calling end/i

/** The server's code of the error, or undefined where the error did not come from the server. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return /^[0-9A-Z]{5}$/.test(error.code) && 'severity' in error ? error.code : undefined
}

/** Whether the error leaves the connection unfit for another query. */
export function breaksConnection(error: unknown): boolean {
  const state = sqlState(error)
  return state === undefined || state.startsWith('08') || state.startsWith('57P')
}

/** What a failed query is to the port: {@link StoreUnavailable}, or the error as it is where its values are to blame. */
export function translated(error: unknown): unknown {
  return error instanceof Error && isUnavailable(error) ? unavailable(error) : error
}

/** The port's error for whatever keeps the database out of reach. */
export function unavailable(error: unknown): StoreUnavailable {
  return new StoreUnavailable(`database unavailable: ${describe(error)}`, { cause: error })
}

function isUnavailable(error: Error): boolean {
  const state = sqlState(error)
  if (state !== undefined) return !BLAMES_THE_VALUES.has(state.slice(0, 2))
  if ('code' in error && typeof error.code === 'string' && /^E(?!RR_)[A-Z]+$/.test(error.code)) return true
  // PGlite's engine has crashed, and nothing answers any more.
  return error.name === 'RuntimeError' || CONNECTION_TROUBLE.test(error.message)
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // A host with several addresses fails with an AggregateError whose own message is empty.
  if (error.message !== '' || !(error instanceof AggregateError)) return error.message
  return error.errors.map(describe).join(', ')
}
