import pg from 'pg'
import type { Database } from './database.js'
import { guardedPool, typeParsers } from './pool.js'

export interface ServerOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string
  /** Connections at most. */
  readonly poolSize?: number
  /** How long one statement may take, in milliseconds. */
  readonly statementTimeout?: number
  /** How long a connection may take to come about, a wait for a free one included; in milliseconds. */
  readonly connectTimeout?: number
}

/** How much longer than the server's own limit a silent server is waited for: it may be the network that is gone. */
const SILENCE_MS = 1000

const HABITS = { discardBroken: true, prepare: false }

/** A pool of connections to a PostgreSQL server. Connects when it is first used. */
export function openServer(options: ServerOptions): Database {
  const { url, poolSize = 10, statementTimeout = 5000, connectTimeout = 5000 } = options
  const common = {
    connectionString: url,
    connectionTimeoutMillis: connectTimeout,
    application_name: 'reveille',
    keepAlive: true,
    types: typeParsers,
  }
  const pool = new pg.Pool({
    ...common,
    max: poolSize,
    statement_timeout: statementTimeout,
    query_timeout: statementTimeout + SILENCE_MS,
  })
  return {
    pool: guardedPool(pool, HABITS),
    // An index on a large table takes its time, and so does another node's migration that is waited for.
    migrationPool: () => guardedPool(new pg.Pool({ ...common, max: 1 }), HABITS),
    closed: () => Promise.resolve(),
  }
}
