import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import pg from 'pg'
import type { Pool, PoolClient } from 'pg'
import { breaksConnection, translated, unavailable } from './errors.js'

const INT8 = 20

/** int8 as a number: times in microseconds fit a double until the year 2255. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    Number(oid) === INT8
      ? (value: string) => Number(value)
      : (pg.types.getTypeParser(oid, format) as (value: string) => unknown),
}

/**
 * A node-postgres pool as kysely takes it, with errors translated and with what node-postgres leaves to its user:
 * a client that loses its connection while in use emits `error`, which ends the process where nobody listens,
 * and a client whose connection is gone or stuck must not go back to the pool.
 *
 * @param discardBroken false for PGlite's one connection, which cannot be opened a second time
 */
export function guardedPool(pool: Pool, discardBroken: boolean): PostgresPool {
  // An idle client that fails is removed by the pool itself; the next query meets whatever is wrong.
  pool.on('error', () => undefined)
  return {
    async connect() {
      try {
        return guardedClient(await pool.connect(), discardBroken)
      } catch (error) {
        throw unavailable(error)
      }
    },
    end: () => pool.end(),
  }
}

function guardedClient(client: PoolClient, discardBroken: boolean): PostgresPoolClient {
  let broken = false
  const onError = () => {
    broken = true
  }
  client.on('error', onError)
  const query = async <R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> => {
    try {
      const result = await client.query(text, parameters.map(storable))
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
