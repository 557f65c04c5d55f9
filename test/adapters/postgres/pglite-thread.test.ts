import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import type { Database } from '../../../src/adapters/postgres/database.js'
import { openPglite } from '../../../src/adapters/postgres/pglite.js'
import { spawnPglite, startPgliteThread } from '../../../src/adapters/postgres/pglite-thread.js'
import { StoreUnavailable } from '../../../src/ports/store.js'

describe('the thread of PGlite', () => {
  const cleanup: (() => unknown)[] = []
  afterEach(async () => {
    for (const undo of cleanup.splice(0).reverse()) await undo()
  })

  async function open(path: string | null): Promise<{ database: Database; worker: Worker }> {
    let worker: Worker | undefined
    const spawn = (data: { directory: string | null }): Worker => (worker = spawnPglite(data))
    const database = await openPglite(path, (data) => startPgliteThread(data, spawn))
    if (worker === undefined) throw new Error('no thread was started')
    return { database, worker }
  }

  async function ask(database: Database, text: string, values: readonly unknown[] = []): Promise<unknown> {
    const client = await database.pool.connect()
    try {
      return (await client.query<{ value: unknown }>(text, values)).rows[0]?.value
    } finally {
      client.release()
    }
  }

  async function close(database: Database): Promise<void> {
    await database.pool.end()
    await database.closed()
  }

  function directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'reveille-thread-'))
    cleanup.push(() => rmSync(path, { recursive: true, force: true }))
    return path
  }

  it('leaves the main thread to others while a statement runs, and takes statements of any size', async () => {
    const { database } = await open(null)
    cleanup.push(() => close(database))
    let turns = 0
    const timer = setInterval(() => (turns += 1), 1)
    await ask(database, 'select count(*) as value from generate_series(1, 300000)')
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
    // And megabytes go through in one piece, both ways.
    const text = 'ü'.repeat(2_000_000)
    expect(await ask(database, 'select $1::text as value', [text])).toBe(text)
  })

  it('fails those who wait when it dies, and everybody after them, and gives its directory back', async () => {
    const path = directory()
    const { database, worker } = await open(path)
    const waiting = ask(database, 'select count(*) as value from generate_series(1, 100000000)')
    const refused = expect(waiting).rejects.toBeInstanceOf(StoreUnavailable)
    await worker.terminate()
    await refused
    await expect(ask(database, 'select 1 as value')).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(ask(database, 'select 1 as value')).rejects.toThrow('the thread of PGlite')
    await close(database)
    const again = await open(path)
    expect(await ask(again.database, 'select 2 as value')).toBe(2)
    await close(again.database)
  })

  it('is heard of when it dies between two statements', async () => {
    const { database, worker } = await open(null)
    expect(await ask(database, 'select 1 as value')).toBe(1)
    await worker.terminate()
    await expect(ask(database, 'select 1 as value')).rejects.toBeInstanceOf(StoreUnavailable)
    await close(database)
  })

  it('says why a directory cannot be opened, and leaves it', async () => {
    const path = directory()
    writeFileSync(join(path, 'pglite'), 'no directory')
    await expect(open(path)).rejects.toThrow('PGlite failed')
    rmSync(join(path, 'pglite'))
    const { database } = await open(path)
    await close(database)
  })
})
