import { beforeAll } from 'vitest'
import { createLocalBus } from '../../src/adapters/bus/local.js'
import { createPostgresBus } from '../../src/adapters/bus/postgres.js'
import { createQuickBus } from '../../src/adapters/bus/quick.js'
import { openStore } from '../../src/adapters/postgres/index.js'
import { openLine } from '../../src/compose/workers/lines.js'
import { duplexPair } from '../support/duplex-pair.js'
import { describeWith, postgresForFile, type TestDatabase } from '../support/postgres/index.js'
import { busContract } from './bus.contract.js'

const postgres = await postgresForFile()

busContract('within a process', (log) => {
  const bus = createLocalBus({ log })
  return Promise.resolve([bus, bus])
})

describeWith('the bus on PostgreSQL', postgres, (server) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await server.database()
    const store = await openStore({ engine: 'postgres', url: database.url })
    await store.migrate()
    await store.close()
    return () => database.drop()
  })

  busContract('on PostgreSQL', (log) => {
    const open = () => createPostgresBus({ url: database.url, log })
    return Promise.all([open(), open()])
  })

  busContract('on PostgreSQL with a line besides', async (log) => {
    const [one, other] = duplexPair()
    const open = async (end: typeof one) =>
      createQuickBus({ bus: await createPostgresBus({ url: database.url, log }), line: openLine(end), log })
    return Promise.all([open(one), open(other)])
  })
})
