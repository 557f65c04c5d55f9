import { PGlite } from '@electric-sql/pglite'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createLog } from '../../src/observe/log.js'
import { createMetrics } from '../../src/observe/metrics.js'
import { freeswitchParam, option, service } from './deployment.js'

/** PGlite alone takes some seconds to start. */
const SLOW_MS = 60_000
const DOCS = join(import.meta.dirname, '../../docs')
const text = readFileSync(join(DOCS, 'production.md'), 'utf8')

describe('docs/production.md', () => {
  test('each file that it points to is there', () => {
    const targets = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path)
    expect(targets.length).toBeGreaterThan(10)
    expect(targets.filter((path) => !existsSync(join(DOCS, path)))).toEqual([])
  })

  test('each metric that it alerts on is one that the server has', async () => {
    const served = await createMetrics({ log: createLog({ level: 'silent', pretty: false }) }).text()
    const families = new Set([...served.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name))
    const named = [...text.matchAll(/\b(reveille|nodejs)_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''))
    expect(named.length).toBeGreaterThan(8)
    expect(named.filter((name) => !families.has(name))).toEqual([])
  })

  test('the ports of its firewall are those of the files', () => {
    const first = [...text.matchAll(/^\| ([\d–]+) +\| (?:UDP|TCP)/gm)].map(([, port]) => port)
    const sip = /:(\d+);/.exec(option(service('drachtio'), '--contact'))?.[1]
    const published = service('postgres').ports?.map((port) => port.split(':')[1])
    expect(first).toEqual([
      sip,
      `${freeswitchParam('rtp-start-port')}–${freeswitchParam('rtp-end-port')}`,
      freeswitchParam('sip-port'),
      '8080',
      option(service('drachtio'), '--port'),
      freeswitchParam('listen-port'),
      ...(published ?? []),
    ])
  })

  test(
    'its statement deletes the records of calls that ended ninety days ago, and no others',
    async () => {
      const [, statement = ''] = /```sql\n([^`]*)```/.exec(text) ?? []
      const db = await migrated()
      const day = 86_400_000_000
      const ends = { old: Date.now() * 1000 - 91 * day, recent: Date.now() * 1000 - 89 * day, live: null }
      for (const [id, end] of Object.entries(ends)) {
        await db.query(
          `insert into calls (id, started_at, ended_at, caller, callee) values ($1, 1, $2, '', '')`,
          [id, end],
        )
        await db.query(`insert into call_logs (call_id, first, events) values ($1, 0, '[]')`, [id])
      }
      await db.exec(statement)
      const ids = async (column: string, table: string): Promise<unknown[]> =>
        (await db.query<{ id: string }>(`select ${column} as id from ${table} order by 1`)).rows.map(
          ({ id }) => id,
        )
      expect(await ids('id', 'calls')).toEqual(['live', 'recent'])
      expect(await ids('call_id', 'call_logs')).toEqual(['live', 'recent'])
      await db.close()
    },
    SLOW_MS,
  )
})

async function migrated(): Promise<PGlite> {
  const folder = join(DOCS, '../migrations')
  const db = new PGlite()
  for (const file of readdirSync(folder).sort()) await db.exec(readFileSync(join(folder, file), 'utf8'))
  return db
}
