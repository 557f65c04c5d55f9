import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/adapters/postgres/index.js'
import { FakeStore } from '../support/fake-store.js'
import { describeWith, postgresForFile } from '../support/postgres/index.js'
import { revocationsContract } from './revocations.contract.js'
import { reopened } from './reopened.js'

const postgres = await postgresForFile()

revocationsContract('the fake', () => {
  let store = new FakeStore()
  const restart = () => Promise.resolve((store = new FakeStore(store)))
  return Promise.resolve({ store, restart, dispose: () => Promise.resolve() })
})

revocationsContract('PGlite', async () => {
  const path = mkdtempSync(join(tmpdir(), 'reveille-revoked-'))
  return reopened(
    () => openStore({ engine: 'pglite', path }),
    () => Promise.resolve(rmSync(path, { recursive: true, force: true })),
  )
})

describeWith('revocations in the store on PostgreSQL', postgres, (server) => {
  revocationsContract('PostgreSQL', async () => {
    const database = await server.database()
    return reopened(
      () => openStore({ engine: 'postgres', url: database.url, node: 'a' }),
      () => database.drop(),
    )
  })
})
