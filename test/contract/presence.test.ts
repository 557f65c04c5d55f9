import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/adapters/postgres/index.js'
import { residentStore } from '../../src/adapters/resident-store/index.js'
import { systemClock } from '../../src/adapters/system/clock.js'
import { FakeStore } from '../support/fake-store.js'
import { describeWith, postgresForFile } from '../support/postgres/index.js'
import { RecordingLog } from '../wake/recording-log.js'
import { presenceContract } from './presence.contract.js'
import { reopened } from './reopened.js'

const postgres = await postgresForFile()

presenceContract('the fake', () => {
  let store = new FakeStore()
  const restart = () => Promise.resolve((store = new FakeStore(store)))
  return Promise.resolve({ store, restart, dispose: () => Promise.resolve() })
})

presenceContract('PGlite', async () => {
  const path = mkdtempSync(join(tmpdir(), 'reveille-presence-'))
  return reopened(
    () => openStore({ engine: 'pglite', path }),
    () => Promise.resolve(rmSync(path, { recursive: true, force: true })),
  )
})

presenceContract('PGlite, with what calls ask in memory', async () => {
  const path = mkdtempSync(join(tmpdir(), 'reveille-presence-'))
  const options = { clock: systemClock, log: new RecordingLog() }
  return reopened(
    async () => residentStore(await openStore({ engine: 'pglite', path }), options),
    () => Promise.resolve(rmSync(path, { recursive: true, force: true })),
  )
})

describeWith('presence in the store on PostgreSQL', postgres, (server) => {
  presenceContract('PostgreSQL', async () => {
    const database = await server.database()
    return reopened(
      () => openStore({ engine: 'postgres', url: database.url, node: 'a' }),
      () => database.drop(),
    )
  })
})
