import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { PostgresServer } from '../../test/support/postgres/server.js'

/** A database of a run's own. */
export interface RunDatabase {
  readonly url: string
  /** The server's processes as they stand now; none of them is here where it runs on another machine. */
  pids(): Promise<readonly number[]>
  drop(): Promise<void>
}

/** A PostgreSQL for all runs. */
export interface Databases {
  readonly version: string
  create(): Promise<RunDatabase>
  close(): Promise<void>
}

/** That of the URL, or, without one, a server that is started here and ends with `close`. */
export async function openDatabases(url: string): Promise<Databases> {
  const own = url === '' ? await PostgresServer.start() : undefined
  const at = own?.url ?? url
  const [row] = await query<{ server_version: string }>(at, 'show server_version')
  return {
    version: row?.server_version ?? 'unknown',
    async create() {
      const name = `reveille_bench_${randomUUID().replaceAll('-', '')}`
      await query(at, `create database ${name}`)
      const its = new URL(at)
      its.pathname = `/${name}`
      return {
        url: its.href,
        pids: async () =>
          (await query<{ pid: number }>(at, 'select pid from pg_stat_activity')).map(({ pid }) => pid),
        drop: async () => void (await query(at, `drop database ${name} with (force)`)),
      }
    },
    close: async () => own?.close(),
  }
}

async function query<T extends object>(url: string, statement: string): Promise<readonly T[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<T>(statement)).rows
  } finally {
    await client.end()
  }
}
