import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import { toJson } from './json.js'
import type { Tables } from './tables.js'

/** One row a key, the last one given: `on conflict` refuses a statement that meets the same key twice. */
export function lastOfEach<T>(rows: readonly T[], key: (row: T) => string): T[] {
  return [...new Map(rows.map((row) => [key(row), row])).values()]
}

/**
 * `insert into … select …` of any number of rows as one parameter, so that the statement's text stays the same and
 * no batch meets the limit of 65,535 parameters. All rows have the columns of the first.
 */
export function insertRows(table: keyof Tables, rows: readonly [object, ...object[]]): RawBuilder<unknown> {
  const columns = sql.join(Object.keys(rows[0]).map((column) => sql.ref(column)))
  const target = sql.table(table)
  return sql`insert into ${target} (${columns})
    select ${columns} from jsonb_populate_recordset(null::${target}, ${toJson(rows)}::jsonb)`
}

/** Narrows to a list with a first element. */
export function isFilled<T>(list: readonly T[]): list is readonly [T, ...T[]] {
  return list.length > 0
}
