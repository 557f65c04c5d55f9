import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lockDirectory } from '../../src/adapters/postgres/directory-lock.js'
import { openStore } from '../../src/adapters/postgres/index.js'
import { callsCommand } from '../../src/cli/calls.js'
import { migrateCommand } from '../../src/cli/migrate.js'
import type { StoreDeps } from '../../src/cli/store.js'
import { StoreUnavailable } from '../../src/ports/store.js'
import { FakeStore } from '../support/fake-store.js'
import { run } from './support/run.js'
import { freePort, site } from './support/site.js'

const real: StoreDeps = {
  openStore: (database) => {
    if (database.engine !== 'pglite') throw new Error('this test is of PGlite')
    return openStore(database)
  },
}

describe('reveille migrate', () => {
  it('makes a database that the other commands can read, and is done the second time', async () => {
    const { config, directory } = site(`http: {port: ${String(await freePort())}}`)
    const data = join(directory, 'data')
    const first = await run(migrateCommand(real), ['-c', config])
    expect([first.code, first.err]).toEqual([0, ''])
    expect(first.out).toMatch(/^applied 0001\S*\n/)
    expect(existsSync(data)).toBe(true)
    const second = await run(migrateCommand(real), ['-c', config])
    expect([second.code, second.out]).toEqual([0, `the database in ${data} is up to date\n`])
    const calls = await run(callsCommand(real), ['-c', config])
    expect([calls.code, calls.out]).toEqual([0, 'no calls yet\n'])
  })

  it('says that a running server has the database', async () => {
    const { config, directory } = site('{}')
    const release = lockDirectory(join(directory, 'data', 'pglite.lock'))
    try {
      const { code, err } = await run(migrateCommand(real), ['-c', config])
      expect(code).toBe(1)
      expect(err).toContain(`is in use by process ${String(process.pid)}`)
    } finally {
      release()
    }
  })

  it('says that the database went away meanwhile, and closes it', async () => {
    const { config } = site('{}')
    let closed = false
    const store = Object.assign(new FakeStore(), {
      migrate: () => Promise.reject(new StoreUnavailable('database unavailable: gone')),
      close: () => Promise.resolve(void (closed = true)),
    })
    const { code, err } = await run(migrateCommand({ openStore: () => Promise.resolve(store) }), [
      '-c',
      config,
    ])
    expect([code, err, closed]).toEqual([1, 'reveille migrate: database unavailable: gone\n', true])
  })
})
