import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, describe, it } from 'vitest'
import { PostgresServer } from './server.js'

export { PostgresServer }

export interface TestDatabase {
  readonly url: string
  readonly drop: () => Promise<void>
}

export interface TestPostgres {
  /** Makes an empty database. */
  database(): Promise<TestDatabase>
}

/**
 * A real PostgreSQL for the tests of a file: the one that REVEILLE_TEST_POSTGRES names, or one that is started here
 * and ends with the file. Where this machine has none it is the reason, to be shown where the tests are skipped.
 * To be called at the top of a file. Rejects where the named server cannot be reached.
 */
export async function postgresForFile(): Promise<TestPostgres | string> {
  const named = process.env['REVEILLE_TEST_POSTGRES']
  if (named !== undefined) {
    await execute(named, 'select 1')
    return { database: () => createDatabase(named) }
  }
  const server = await ownPostgres()
  return typeof server === 'string' ? server : { database: () => createDatabase(server.url) }
}

/** A server that the tests of a file may stop and kill; else the reason why there is none. */
export async function ownPostgres(): Promise<PostgresServer | string> {
  let server: PostgresServer
  try {
    server = await PostgresServer.start()
  } catch (error) {
    return `PostgreSQL cannot run here: ${error instanceof Error ? error.message : String(error)}`
  }
  afterAll(() => server.close())
  return server
}

/** `describe` where there is a PostgreSQL; else one line that says why these tests are left out. */
export function describeWith<T>(name: string, postgres: T | string, body: (server: T) => void): void {
  if (typeof postgres !== 'string') {
    describe(name, () => body(postgres))
    return
  }
  describe.skip(`${name} (skipped: ${postgres})`, () => {
    it('does all of it', () => undefined)
  })
}

/** A database of its own on the server that the URL names. */
export async function createDatabase(url: string): Promise<TestDatabase> {
  const name = `reveille_test_${randomUUID().replaceAll('-', '')}`
  await execute(url, `create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  return { url: own.href, drop: () => execute(url, `drop database ${name} with (force)`) }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
