import { Kysely, PostgresDialect, sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../../src/adapters/postgres/database.js'
import { migrate } from '../../../src/adapters/postgres/migrate.js'
import { openPglite } from '../../../src/adapters/postgres/pglite.js'
import { stateStore } from '../../../src/adapters/postgres/state.js'
import type { Tables } from '../../../src/adapters/postgres/tables.js'
import { someBinding, someDevice } from '../../contract/store.contract.js'

/** So many that an index pays, and so few that a planner may still think of reading all of them. */
const MANY = 3000
const NOTHING = { released: [], devices: [], remove: [], put: [], uses: [] }

const devices = Array.from({ length: MANY }, () => someDevice())
const bindings = devices.map(({ id, user }) => someBinding({ user, deviceId: id }))
let database: Database
let db: Kysely<Tables>

beforeAll(async () => {
  database = await openPglite(null)
  db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: database.pool }) })
  await migrate(db)
  await stateStore(db).writeState({ ...NOTHING, devices, put: bindings })
  await sql`analyze`.execute(db)
})

afterAll(async () => {
  await db.destroy()
  await database.closed()
})

/** Rows that are read one after the other, without an index. */
async function readThrough(act: (db: Kysely<Tables>) => Promise<unknown>): Promise<number> {
  return db.transaction().execute(async (transaction) => {
    await act(transaction)
    const { rows } = await sql<{ readonly read: number }>`
      select pg_stat_get_xact_tuples_returned('devices'::regclass)
        + pg_stat_get_xact_tuples_returned('bindings'::regclass) as read`.execute(transaction)
    return rows[0]?.read ?? NaN
  })
}

it('reads users by a push address, and by a device, without a look at those of all others', async () => {
  const [one, other] = [devices[7], devices[8]]
  if (one?.push == null || other === undefined) throw new Error('no device')
  const wanted = { users: [], deviceIds: [other.id], pushes: [one.push] }
  const found = await stateStore(db).loadUsers(wanted)
  expect(found.devices.map(({ id }) => id).sort()).toEqual([one.id, other.id].sort())
  expect(await readThrough((on) => stateStore(on).loadUsers(wanted))).toBeLessThan(MANY)
})

it('removes a binding, and takes a push address, without a look at those of all others', async () => {
  const change = { ...NOTHING, released: [devices[3]?.id ?? ''], remove: [bindings[3]?.bindingId ?? ''] }
  expect(await readThrough((on) => stateStore(on).writeState(change))).toBeLessThan(MANY)
  const { devices: left, bindings: none } = await stateStore(db).loadUsers({
    ...{ users: [devices[3]?.user ?? ''], deviceIds: [], pushes: [] },
  })
  expect(left[0]?.push).toBeNull()
  expect(none).toEqual([])
})
