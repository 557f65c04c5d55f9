import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import pg from 'pg'
import type { Pool, PoolClient } from 'pg'
import { breaksConnection, translated, unavailable } from './errors.js'

const INT8 = 20
/** Each keeps its plan in memory. */
const MOST_NAMES = 200

/** int8 as a number: times in microseconds fit a double until the year 2255. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    Number(oid) === INT8
      ? (value: string) => Number(value)
      : (pg.types.getTypeParser(oid, format) as (value: string) => unknown),
}

export interface PoolHabits {
  /** False for PGlite's one connection, which cannot be opened a second time. */
  readonly discardBroken: boolean
  /**
   * Whether statements with parameters are planned once a connection. Not where others may change the tables at any
   * time: what was planned before is refused then.
   */
  readonly prepare: boolean
}

/**
 * A node-postgres pool as kysely takes it, with errors translated and with what node-postgres leaves to its user:
 * a client that loses its connection while in use emits `error`, which ends the process where nobody listens,
 * and a client whose connection is gone or stuck must not go back to the pool.
 */
export function guardedPool(pool: Pool, { discardBroken, prepare }: PoolHabits): PostgresPool {
  // An idle client that fails is removed by the pool itself; the next query meets whatever is wrong.
  pool.on('error', () => undefined)
  const names = prepare ? statementNames() : () => undefined
  return {
    async connect() {
      try {
        return guardedClient(await pool.connect(), discardBroken, names)
      } catch (error) {
        throw unavailable(error)
      }
    },
    end: () => pool.end(),
  }
}

/** A name for each statement that has parameters; none once there are more texts than anybody would write by hand. */
function statementNames(): (text: string, parameters: readonly unknown[]) => string | undefined {
  const names = new Map<string, string>()
  return (text, parameters) => {
    // Without parameters it may be several statements, as those of a migration are.
    if (parameters.length === 0) return undefined
    const known = names.get(text)
    if (known !== undefined || names.size >= MOST_NAMES) return known
    const name = `s${String(names.size)}`
    names.set(text, name)
    return name
  }
}

function guardedClient(
  client: PoolClient,
  discardBroken: boolean,
  nameOf: (text: string, parameters: readonly unknown[]) => string | undefined,
): PostgresPoolClient {
  let broken = false
  const onError = () => {
    broken = true
  }
  client.on('error', onError)
  const query = async <R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> => {
    try {
      const name = nameOf(text, parameters)
      const values = parameters.map(storable)
      const result = await client.query(name === undefined ? { text, values } : { name, text, values })
      return result as unknown as PostgresQueryResult<R>
    } catch (error) {
      broken ||= breaksConnection(error)
      throw translated(error)
    }
  }
  const release = () => {
    client.off('error', onError)
    client.release(broken && discardBroken)
  }
  // The cursor overload of kysely's type is for streaming, which nothing here does.
  return { query: query as PostgresPoolClient['query'], release }
}

/** PostgreSQL has no NUL in text, and what a SIP message carries may. */
function storable(parameter: unknown): unknown {
  return typeof parameter === 'string' && parameter.includes('\0')
    ? parameter.replaceAll('\0', '\ufffd')
    : parameter
}
